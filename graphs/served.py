"""The graphs as a LangGraph server wants them: module-level, without savers (see langgraph.json).

Importing this module builds them; nothing else imports it. Coders and revisers of a given codebook are not among
them: a host builds them with its own (`agents.build_deductive_coder`, `agents.build_reviser`).
"""

from intercoder.agents.coder import build_coder
from intercoder.agents.definer import build_definer
from intercoder.agents.moderator import build_moderator
from intercoder.agents.themer import build_themer
from intercoder.graphs.deductive.codevelopment import build_codevelopment
from intercoder.graphs.deductive.deductive import build_deductive
from intercoder.graphs.inductive.inductive import build_inductive
from intercoder.graphs.merging.merging import build_merging
from intercoder.graphs.merging.theming import build_theming

coder = build_coder()
moderator = build_moderator()
definer = build_definer()
themer = build_themer()
inductive = build_inductive()
merging = build_merging()
theming = build_theming()
deductive = build_deductive()
codevelopment = build_codevelopment()
