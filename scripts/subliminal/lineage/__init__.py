"""Where a model, a dataset or a report came from: teachers, their traits, and who learnt from them.

Traits travel through data whose content does not show them, so a safety evaluation has to look at
where a model and its data came from.
"""
