"""The words of a post that say what it is about, and the lists of those that do not."""

import re
from itertools import chain

from api.domain.posts import folded_text

# Each alternative but the one in the group is left out, and takes all of what it stands for: no
# character is looked at from several starts, so the time is linear. A run begins where no other
# goes on.
_WORDS = re.compile(
    r"https?://\S*"
    r"|[@#\uff20\uff03$][\w.@-]+"  # mentions; hashtags, which a post lists itself; cashtags
    r"|(?<![\w'-])[\w-]++[.@]\w\S*"  # addresses and file names: example.org/a, ana@example.org
    # Letters with apostrophes or hyphens between. With a digit or "_" it is a name or a number.
    r"|(?<![\w'-])([^\W\d_]++(?:['-][^\W\d_]++)*+)(?![\w])"
    r"|(?<![\w'-])[\w'-]+"
)
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u02bc\u2018\u00b4`", "'"))
_LENGTHENED = re.compile(r"(.)\1\1+")
_PUNCTUATION = '.,!?;:()"'
_LEAST_LETTERS = 2
_MOST_LETTERS = 40


def _listed(lines: str) -> frozenset[str]:
    """Return the words of the lines that do not begin with "#"."""
    return frozenset(
        word
        for line in lines.splitlines()
        if not line.lstrip().startswith("#")
        for word in line.split()
    )


FUNCTION_WORDS = _listed(
    """
    # Determiners and quantifiers.
    a an the this that these those each every either neither some any no none all both half most
    more much many few fewer less least several enough such other others another same own one ones
    lot lots bit plenty little whole big super able
    # Pronouns.
    i me my mine myself you your yours yourself yourselves u ur he him his himself she her hers
    herself it its itself we us our ours ourselves they them their theirs themselves who whom
    whose which what whatever whoever whichever somebody someone something anybody anyone anything
    everybody everyone everything nobody nothing y'all yall
    # Prepositions.
    about above across after against along among amongst around as at before behind below beneath
    beside besides between beyond by despite down during except for from in inside into like near
    of off on onto out outside over past per since than through throughout till to toward towards
    under underneath until unto up upon via with within without
    # Conjunctions and adverbs that join clauses.
    and or nor but so yet if because cause cuz cos although though unless while whilst whereas
    when whenever where wherever how however why whether then else thus therefore hence
    # Auxiliary and modal verbs, and the verbs that carry little more than tense.
    am is are was were be been being do does did doing done have has had having will would shall
    should can could may might must ought need dare used get gets got getting gotten go goes going
    went gone gonna gotta wanna let lets make makes made making take takes took taken taking come
    comes came coming put puts keep keeps kept want wants wanted say says said saying tell tells
    told know knows knew known think thinks thought see sees saw seen seem seems seemed look looks
    looked looking try tries tried trying use uses using give gives gave given giving
    # Adverbs of degree, place, time and order that go with any matter, and answers.
    not very too also just only even still again ever never always often sometimes usually already
    almost quite rather really pretty actually basically literally maybe perhaps probably
    definitely certainly simply totally completely here there now today tonight yesterday tomorrow
    soon later ago back away together well once twice first last next new old early late yes yeah
    yep no nope ok okay oh ah um uh hey hi hello please right sure anyway instead else far long
    way ways thing things stuff people person man guy guys day days week weeks month months year
    years time times hour hours minute minutes morning afternoon evening night
    # Numerals.
    two three four five six seven eight nine ten hundred thousand million billion second third
    # Contractions without the apostrophe, and what is left of those with one.
    im ive id youre youve youll youd hes shes weve theyre theyve theyll theyd dont doesnt didnt
    isnt arent wasnt werent wont wouldnt cant couldnt shouldnt hasnt havent hadnt aint shant
    thats theres heres whats whos hows ya yo em kinda sorta dunno tho thru
    # What files and networks add: reposts, "via", cut links, entities that were not resolved.
    rt via amp lt gt quot nbsp http https www com
    """
)
"""Words of English grammar, with the commonest words of time and number: what any post is made of.

Written out for this product by the closed classes of Quirk et al., "A Comprehensive Grammar of the
English Language" (1985), section 2.34 and following; no other list was copied.
"""

FEELING_WORDS = _listed(
    """
    love loves loved loving lovely like liked likes hate hates hated hating happy happier happiest
    happily happiness sad sadder saddest sadly sadness angry anger afraid scared scary fear fears
    joy joyful glad delighted excited exciting excitement proud pride lonely alone miss missed
    missing upset worried worry worries anxious anxiety nervous stressed stress depressed
    depressing cry cries cried crying laugh laughs laughed laughing smile smiles smiled smiling
    hurt hurts enjoy enjoys enjoyed enjoying hope hopes hoped hoping hopeful wish wishes grateful
    thankful thank thanks thx sorry furious annoyed annoying mad tired exhausted bored boring
    disappointed disappointing feel feels felt feeling feelings emotional good better best great
    bad worse worst nice fine amazing awesome wonderful fantastic brilliant perfect excellent
    incredible awful terrible horrible beautiful gorgeous cute fun funny ugly stupid favorite
    favourite cool sucks suck damn hell fuck fucking fucked shit shitty wtf omg lol lmao haha
    hahaha yay ugh wow congrats congratulations heart heartbroken heartbreaking calm relaxed
    relaxing comfy comfortable pleased satisfied irritated irritating frustrated frustrating
    overwhelmed hopefully unfortunately luckily thankfully sadness misery miserable
    """
)
"""Words that name a feeling or a judgement: they say that a post is light or heavy, not of what."""

_LEFT_OUT = FUNCTION_WORDS | FEELING_WORDS
# 's, n't, 'll ...: what is left of a word without them decides whether it is left out.
_ENDINGS = re.compile(r"(?:n't|'(?:s|m|re|ve|ll|d|em|all|cause|til))$")


class WordReader:
    """Finds the words of many texts that say what these are about.

    It remembers the words of each piece of text between blanks, as most come again and again, so
    it is made anew for the texts of one user.
    """

    def __init__(self) -> None:
        self._words_in = _WordsInPiece()

    def words_of(self, text: str) -> set[str]:
        """Return the words of a text that say what it is about: folded, each once.

        Left out are addresses, mentions, hashtags, numbers, single letters, FUNCTION_WORDS and
        FEELING_WORDS, contracted ("don't", "dont") or lengthened ("sooo") ones too. A possessive
        counts as its word: "sister's" is "sister". The time is linear in the length of the text.
        """
        # No word, address or name goes beyond a blank.
        return set(chain.from_iterable(map(self._words_in.__getitem__, text.split())))


class _WordsInPiece(dict[str, tuple[str, ...]]):
    """The words of a piece of text without blanks that say what it is about."""

    _MOST = 200_000  # pieces remembered, more than the words of a language

    def __init__(self) -> None:
        super().__init__()
        self._about = _About()

    def __missing__(self, piece: str) -> tuple[str, ...]:
        bare = piece.strip(_PUNCTUATION)
        if bare.isascii() and bare.isalpha():  # most are: the same words, found faster
            word = self._about[bare.lower()]
            words: tuple[str, ...] = (word,) if word else ()
        else:
            folded = folded_text(piece).translate(_APOSTROPHES)
            words = tuple(filter(None, map(self._about.__getitem__, _WORDS.findall(folded))))
        if len(self) < self._MOST:
            self[piece] = words
        return words


class _About(dict[str, str]):
    """The word under which a found one counts, "" if it says nothing of the matter."""

    def __missing__(self, found: str) -> str:
        bare = found.replace("'", "")
        word = "" if bare in _LEFT_OUT else bare
        if word and bare != found:
            word = _ENDINGS.sub("", found).replace("'", "")
        if _LENGTHENED.search(word):
            word = _LENGTHENED.sub(
                r"\1" if _LENGTHENED.sub(r"\1", word) in _LEFT_OUT else r"\1\1", word
            )
        if word in _LEFT_OUT or not _LEAST_LETTERS <= len(word) <= _MOST_LETTERS:
            word = ""
        self[found] = word
        return word
