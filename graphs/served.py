"""The graphs as a LangGraph server wants them: module-level, without savers (see langgraph.json).

Importing this module builds them; nothing else imports it.
"""

from intercoder.agents.coder import build_coder
from intercoder.agents.definer import build_definer
from intercoder.agents.moderator import build_moderator
from intercoder.agents.themer import build_themer
from intercoder.graphs.inductive import build_inductive
from intercoder.graphs.merging import build_merging
from intercoder.graphs.theming import build_theming

coder = build_coder()
moderator = build_moderator()
definer = build_definer()
themer = build_themer()
inductive = build_inductive()
merging = build_merging()
theming = build_theming()
