"""English words whose forms share no ending: each line is one verb or noun, its plain form first."""

_FORMS = """
arise arose arisen; bear bore borne born; beat beaten; become became; bend bent; bind bound; bite bit bitten; blow blew blown;
break broke broken; bring brought; build built; burn burnt; buy bought; catch caught; choose chose chosen; come came; creep crept;
deal dealt; dig dug; draw drew drawn; drink drank drunk; drive drove driven; eat ate eaten; feed fed; feel felt; fight fought;
find found; fly flew flown; forget forgot forgotten; forgive forgave forgiven; freeze froze frozen; get got gotten; give gave given;
go went gone; grow grew grown; hang hung; hear heard; hide hid hidden; hold held; keep kept; know knew known; lay laid; lead led;
learn learnt; lend lent; lose lost; make made; mean meant; meet met; pay paid; ride rode ridden; ring rang rung; rise rose risen;
run ran; say said; see saw seen; sell sold; send sent; shake shook shaken; shine shone; shoot shot; shrink shrank shrunk;
sing sang sung; sink sank sunk; sleep slept; speak spoke spoken; spend spent; spin spun; stand stood; steal stole stolen;
stick stuck; strike struck; sweep swept; swim swam swum; take took taken; teach taught; tear tore torn; tell told; think thought;
throw threw thrown; understand understood; wake woke woken; wear wore worn; weave wove woven; win won; write wrote written;
begin began begun; swear swore sworn; wind wound; child children; foot feet; tooth teeth; mouse mice; goose geese; person people
"""
_LINES = [line.split() for line in _FORMS.split(";")]
# the plain form of each other form
PLAIN = {form: plain for plain, *forms in _LINES for form in forms}
