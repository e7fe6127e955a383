"""Words that may stand for one another whatever they stand beside: each set is one word to the check, named by its first.

Only words that are as good as the same in any sentence; what differs in degree, scope or amount has no place here.
"""

_SETS = """
finish complete; find locate; need require; buy purchase; begin start commence; obtain acquire; show display; help assist; build construct;
repair fix mend; choose select pick; allow permit; forbid prohibit; change modify alter; remain stay; respond reply; big large; huge enormous;
quick fast rapid swift; toxic poisonous; sick ill; doctor physician; car automobile; movie film; error mistake; image picture; entire whole;
sufficient enough; approximately roughly; gather collect; close shut; try attempt; explain clarify; hire employ; rich wealthy;
famous renowned; leave depart; provide supply; happen occur; decrease reduce; predict forecast; teacher instructor; wrong incorrect;
yearly annually; erase delete; broad wide; silent quiet; liberty freedom
"""
SETS = [line.split() for line in _SETS.split(";")]
