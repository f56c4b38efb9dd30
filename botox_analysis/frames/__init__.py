"""The four frames of the library: *outcomes*, *events*, *times* and *estimates*.

Each is a plain pandas frame. Its `Schema` lists the columns:

>>> from botox_analysis.frames.times import TIMES_SCHEMA
>>> TIMES_SCHEMA
times: one row per subject and category
  trial       text        Name of the trial.
  ...
key: trial, population, endpoint, category, subject
>>> TIMES_SCHEMA.describe()[["column", "kind"]].tail(2).to_numpy().tolist()
[['better', 'text'], ['note', 'text']]
"""
