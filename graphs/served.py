"""The graphs as a LangGraph server wants them: module-level, without savers (see langgraph.json).

Importing this module builds them; nothing else imports it.
"""

from intercoder.agents.coder import build_coder
from intercoder.agents.moderator import build_moderator
from intercoder.graphs.inductive import build_inductive

coder = build_coder()
moderator = build_moderator()
inductive = build_inductive()
