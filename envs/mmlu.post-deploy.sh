#!/usr/bin/env bash
# As in requirements-mmlu.txt: the harness and all that it adds.
set -euo pipefail
python -m pip install --no-deps \
    lm_eval==0.4.13 \
    absl-py==2.5.1 \
    aiohappyeyeballs==2.7.1 \
    aiohttp==3.14.5 \
    aiosignal==1.4.0 \
    chardet==6.0.0.post1 \
    cloudpickle==3.1.3 \
    colorama==0.4.6 \
    DataProperty==1.1.1 \
    defusedxml==0.7.1 \
    evaluate==0.4.6 \
    frozenlist==1.8.0 \
    joblib==1.6.0 \
    lxml==6.1.3 \
    mbstrdecoder==1.1.5 \
    more-itertools==11.2.1 \
    multidict==7.2.1 \
    nltk==3.10.4 \
    pathvalidate==3.3.1 \
    portalocker==4.4.2 \
    propcache==0.5.4 \
    pytablewriter==1.2.1 \
    python-dateutil==2.9.0.post0 \
    rouge_score==0.1.2 \
    sacrebleu==2.6.0 \
    scikit-learn==1.9.1 \
    six==1.17.0 \
    sqlitedict==2.1.0 \
    tabledata==1.3.5 \
    tcolorpy==0.1.7 \
    threadpoolctl==3.8.0 \
    typepy==1.3.5 \
    word2number==1.1 \
    yarl==1.25.1
