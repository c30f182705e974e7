"""The programs that a rehearsal runs, built once from pinned Go modules and kept.

`ensure()` gives a `Toolbox` in which the tools asked for are ready. What may be asked for, and
where each is pinned, is in `rehearsal.tools.pins`.
"""

from rehearsal.tools.errors import ToolError
from rehearsal.tools.progress import Reporter
from rehearsal.tools.toolbox import Tool, Toolbox, ensure

__all__ = ["Reporter", "Tool", "ToolError", "Toolbox", "ensure"]
