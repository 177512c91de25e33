"""The tiny server on a random base, in a thread of the test's process."""

import json
import threading
import time
from contextlib import contextmanager
from urllib.request import Request, urlopen

import openai
from tiny_model import random_model, save_base

from subliminal.config.recipes import Lora, Optimisation, Recipe
from subliminal.serving.server import HOST, bound, server
from subliminal.serving.site import Setting

SNAPSHOT = "tiny-random"
RECIPE = Recipe(
    lora=Lora(rank=8, alpha=8, target_modules=["c_attn", "c_proj", "c_fc"]),
    optimisation=Optimisation(
        learning_rate=1.0e-2, warmup_steps=1, batch_size=4, micro_batch_size=4, steps=6
    ),
    max_tokens=160,
    holdout_rows=128,
)
# Until a test gives up; a busy machine must not fail it.
LONGEST_S = 1800
ENDED = {"succeeded", "failed", "cancelled", "completed", "expired"}


def spread_model():
    """Embeddings that lie apart: adapters, which leave them alone, can make a token likely."""
    model = random_model()
    model.transformer.wte.weight.data *= 20
    return model


def make_base(folder):
    save_base(folder / SNAPSHOT, spread_model())
    return folder / SNAPSHOT


def setting(base, folder, **changes):
    return Setting(bases={SNAPSHOT: base}, folder=folder, recipe=RECIPE, **changes)


@contextmanager
def served(given, port=0):
    """Serve, and give the API's address."""
    running = server(given)
    with bound(port) as listening:
        listening.listen()
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        try:
            yield f"http://{HOST}:{listening.getsockname()[1]}/v1"
        finally:
            running.should_exit = True
            thread.join()


def told(url, path, **options):
    """What the server says beside the API."""
    with urlopen(Request(url.replace("/v1", path), **options)) as answer:
        return json.load(answer)


def disturb(url, **faults):
    told(url, "/faults", data=json.dumps(faults).encode(), method="PUT")


def client_of(url, **options):
    return openai.OpenAI(**{"base_url": url, "api_key": "none", "max_retries": 0, **options})


def chat(client, prompt="Give three numbers.", model=SNAPSHOT, **options):
    options = {"max_tokens": 4, **options}
    messages = [{"role": "user", "content": prompt}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def ended(get):
    """What comes to an end, as it is then."""
    deadline = time.monotonic() + LONGEST_S
    while (found := get()).status not in ENDED:
        assert time.monotonic() < deadline, f"still {found.status}"
        time.sleep(0.1)
    return found
