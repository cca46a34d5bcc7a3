"""The study.toml that `init` writes: every setting people change, with a sentence on what it does."""

from __future__ import annotations

import json

from intercoder.core.agent_settings import CoderSettings, default_coders
from intercoder.core.study import study_id

_HEAD = """\
# Settings of an intercoder study. Everything here may be edited; unknown or mistyped keys are reported.

# The study's name in its database. Leave it as it is.
id = {id}

# The research question. Coders see it; make it say what you want to know.
question = {question}

# Language of the texts (ISO 639-1), used to cut sentences.
language = "en"

# Name of the environment variable that holds an endpoint's key. The key itself is never stored.
api_key_env = "OPENAI_API_KEY"

[coding]
max_codes = 1          # most codes per segment; 0 codes ("nothing to code") is always allowed
context_before = 1     # how many preceding segments coders see beside the one they code

# Coders read each segment independently. Prompts: explicit_instruction, informal_request, expert_angle,
# impersonalization, detailed_explanation, simplified_task; a file prompts/coder/NAME.md in this folder
# replaces one or adds another. Models: embedded:NAME (see `intercoder models list`), hf:/path/to/folder,
# openai:MODEL@http://127.0.0.1:8000/v1 (any OpenAI-compatible server; several addresses with | between them).
"""

_CODER = """
[[coders]]
name = {name}
model = {model}
prompt = {prompt}
shots = {shots}              # worked examples in the prompt, 0 to 5; small models need them
ending = {ending}   # how the instruction ends: full_stop or line_break
seed = {seed}
sampling = {{ temperature = {temperature}, top_p = {top_p}, max_tokens = {max_tokens} }}
"""

_TAIL = """
# Moderators settle what stands. Kinds: medoid (the suggestion closest to the others and to the text, no
# model needed), majority, weighted (by each coder's `weight`), llm (needs `model`).
[[moderators]]
name = "medoid"
kind = "medoid"
groundedness = 1.0     # how much likeness to the text counts

# Calls can be saved by asking one coder, the cheapest, a few times and the others only where it is not sure.
[ensemble]
dynamic = false        # true: the coder named here is asked first; its sampling temperature must be above 0
coder = ""             # empty: the first
asks = 3               # how often it is asked about each segment
tau = 0.7              # its labels less alike than this (cosine): the others are asked
known = 0.4            # no code known so far as near as this: the others are asked

# A new label whose likeness (cosine) to an earlier code reaches tau becomes that code.
[refinement]
tau = 0.7
adaptive = false       # true: tau between low and high, stricter for long texts on which coders differ
low = 0.6
high = 0.8
compare = "label"      # label, label_and_definition or segment

# `intercoder merge` takes labels together that mean the same. Distances are cosine distances, from 0 to 2.
[merging]
stage = 4              # 1 spelling, 2 labels, 3 definitions, 4 definitions again until nothing merges
lower = 0.32           # up to this distance labels always merge
upper = 0.55           # beyond it never; between the two, stage 4 looks at their examples too

# Who writes definitions for merges, and names themes. An empty model is the first coder's.
[definer]
model = ""
shots = 2              # worked examples in the prompt, 0 to 2

[themer]
model = ""
shots = 2

# Coding with a given codebook (`run codevelop`, `calibrate`, `run final`). An empty model is the first coder's.
# More [[deductive.coders]] make an ensemble; `replay = "answers.csv"` in place of a model replays recorded answers.
[[deductive.coders]]
name = "reader"
model = ""
prompt = "default"     # or `again`, another wording; or a file prompts/deductive/NAME.md in this folder
shots = 4

# Who settles where there are several such coders: majority, weighted (by each coder's `weight`), llm.
[deductive.moderator]
kind = "majority"

# How a codebook is tried and revised.
[development]
sample = 100           # segments drawn
repeat = true          # ask again in other words, to see whether a coder repeats itself; doubles the cost
rounds = 5             # after so many rounds the reviser proposes nothing more

[reviser]
model = ""
shots = 3

# Who writes texts of a code for `intercoder distill`.
[synthesizer]
model = ""
shots = 2              # worked examples in the prompt, 0 to 2
examples = 4           # human texts shown with each question
words_shared = 0.6     # texts that share so many of their word triples, or more, are too much alike
cosine = 0.95          # so are those whose embeddings are as near as this

# When a model codes as well as people do.
[calibration]
margin = 0.10          # how far its agreement with people may be below people's with each other
lowest_ac1 = 0.6       # where one person coded: least lower bounds of AC1 and positive agreement
lowest_positive = 0.5
fewest_positives = 10  # segments that people gave a code to, below which it is never ready

# How people code in the terminal UI.
[human]
blind = true           # models' and others' answers on a segment are shown once the person is done with it

[embedding]
model = "embedded:minilm-l6"

[memory]
url = ""               # empty: a folder of this study; or a Chroma server such as http://127.0.0.1:8000

[limits]
concurrency = 64       # questions in flight
wave = 512             # segments worked on between two checkpoints
timeout = 120.0        # seconds an endpoint may take for an answer
retries = 4            # tries again after 429, 5xx or a broken connection (after a timeout once)

# How vLLM runs in this process, for models named vllm:NAME:
# [limits.vllm]
# context = 8192       # most tokens of a prompt and its answer
# memory = 0.9         # share of the GPU's memory
# gpus = 1             # GPUs over which one model is spread
# dtype = "auto"       # as the weights are; or bfloat16, float16, float32

# Nothing leaves this machine unless it is allowed here.
[privacy]
allow_remote = false
allow_proxies = false
allow_tracing = false

# Prices per million tokens, for the dry run's estimate and the run's account:
# [prices."openai:MODEL@https://host/v1"]
# input = 0.15
# output = 0.60
"""


def settings_text(question: str, model: str) -> str:
    """A complete, commented study.toml for a question and a model."""
    head = _HEAD.format(id=_quoted(study_id(question)), question=_quoted(question))
    return head + "".join(_coder(coder) for coder in default_coders(model)) + _TAIL


def _coder(coder: CoderSettings) -> str:
    return _CODER.format(
        name=_quoted(coder.name),
        model=_quoted(coder.model),
        prompt=_quoted(coder.prompt),
        shots=coder.shots,
        ending=_quoted(coder.ending),
        seed=coder.seed,
        temperature=coder.sampling.temperature,
        top_p=coder.sampling.top_p,
        max_tokens=coder.sampling.max_tokens,
    )


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
