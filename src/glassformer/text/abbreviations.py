"""Which words with a full stop end no sentence, by language: what ``sentence_ends`` adds to the library's knowledge.

Compared in small letters, without the last full stop, and, of several (z. B.), without the blanks.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Abbreviations:
    """The tables that a language's full stops are read with."""

    never: frozenset[str]
    """A name or a noun follows (Mr., Prof., z. B.): no sentence ends there."""
    numbered: frozenset[str]
    """A number follows (No. 5, S. 12): no sentence ends before it."""
    sometimes: frozenset[str]
    """A sentence may end there (etc., Inc., p.m.): it does where one of ``starters`` comes next."""
    starters: frozenset[str]
    """Words that, written with a capital, begin a sentence."""
    lists: frozenset[str]
    """And so on, which ends a list (etc.): a sentence ends there where any capital comes next."""
    everyday: frozenset[str]
    """Words, spelt like this, that the library or the tables above take for abbreviations (ill, May; Max in German)."""


NEVER = {
    "en": """
        mr mrs ms mx messrs mmes dr drs prof rev revd hon pres gov sen rep reps sens amb gen brig maj col lt capt cpt cmdr
        cdr comdr cpl sgt ssgt pvt pfc adm vadm radm ens insp supt ofc atty msgr bp abp fr sr br st ste mt mts ft pt vs cf
        viz approx e.g eg i.e ie lt.col maj.gen lt.gen brig.gen asst assoc dir mgr treas sec.gen dist ald hosp det ph
        rt.hon bros.of ca resp incl excl esp aka a.k.a c/o prof.dr hr herr mme mlle atty.gen vice.pres
    """,
    "de": """
        hr hrn fr frl dr dres prof mag dipl ing dipl.-ing dr.-ing dr.med dr.phil dr.jur dr.rer.nat rer.nat med phil jur
        pol habil hl st z.b zb d.h dh i.d.r idr z.t zt u.u m.e z.zt zzt z.hd z.hdn i.a i.v m.a.w o.g s.o s.u v.a u.a
        ca bzw evtl ggf inkl exkl zzgl bzgl vgl geb gest verh led ehem einschl ausschl entspr sog sogen lt gem insb
        insbes bes bspw beisp eigtl engl frz franz dt deutschspr österr schweiz ital lat griech röm russ span amerik kath
        ev evang jüd isl nördl südl östl westl ndl allg allgem wiss techn polit wirtsch staatl städt jew jeweil max min
        mind höchst durchschn rd ungef hrsg hg gegr gez ggü zw zwi betr bez wg gen vorm nachm öffentl prof.dr nat
        oec agr theol h.c dr.h.c h.c.mult prof.em dipl.-kfm dipl.-kffr dipl.-inf dipl.-phys bundesmin stv stellv vors präs gf
        abt.-ltr lfd fa fam resp abg gebr jun sen vorl endg urspr zit
    """,
    "fr": """
        m mm mr mme mmes mlle mlles mgr dr drs pr prof me mes st ste sts p.ex ex c.-à-d càd c.à.d cf av bd boul bld
        pl fg fbg rte env vs apr m.le mme.la gén col cap lt lieut cdt sgt adj cne amb hon rév f mons vve veuve
        resp dir adm éd lat angl esp ital all néerl anc dép arr circ
    """,
    "hi": """
        डॉ डा प्रो श्री श्रीमती कु सुश्री मि मिस्टर मो मु इं इंजी पं स्व सर्व ले ले.कर्नल कर्नल मेजर कैप्टन जन एड एडवो आचा
        ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई जेड ज़ेड
        उदा रु रू भा.प्र.से क्र मा
    """,
    "ar": "د أ م أ.د د.م م.م أ.م أ.م.د ش ف ص.ب ت هـ.ت",
    "es": """
        sr sra sres sras srta srtas dr dra dres dras d dña da prof profa lic ing arq gral cnel cap tte sto sta san
        ud uds vd vds p.ej ej av avda c/ cf pbro mons fr rvdo excmo excma ilmo ilma aprox
    """,
    "it": """
        sig sigg sig.ra sig.na dott dott.ssa dr prof prof.ssa ing avv arch geom rag on sen gen col cap ten mons don s st
        p.es es cfr ca v.le p.za c.so l.go egr gent spett rev
    """,
    "pt": """
        sr sra srs sras srta dr dra drs dras prof profa d eng arq gen cel cap ten sto sta s p.ex ex av r cf aprox exmo
        exma ilmo ilma rev
    """,
    "nl": """
        dhr mevr mw mej dr drs prof ing ir mr ds st bijv bv d.w.z dwz o.a m.n t.a.v i.p.v i.v.m t.o.v n.a.v m.b.t ca evt
        resp incl excl zgn z.g.n a.u.b vgl gen kol kapt lt
    """,
    "ru": """
        г гг г-н г-жа гр тов проф акад доц д-р др им ул пр просп пер пл бул наб д кв корп стр т.е т.к т.н напр см ср ок св
        пос с р-н обл респ ген полк кап лейт серж адм инж
    """,
    "pl": """
        dr mgr inż prof hab doc lek płk gen kpt por ppłk mjr ks bp abp św p ul al pl os im np tj tzn tzw m.in por zob wg śp
        red dyr min woj pow gm
    """,
    "cs": """
        dr mgr ing bc prof doc phdr judr mudr rndr mvdr sv gen plk kpt mjr p ul nám tř např tj tzn tzv mj srov viz cca popř
        příp resp
    """,
}
NUMBERED = {
    "en": """
        no nos nr p pp pg pgs fig figs eq eqs sec secs ch chap vol vols art arts par para paras pt ex tab app v vv l ll
        jan feb mar apr jun jul aug sep sept oct nov dec tel ext c fl b d r pop est op rm apt ste bldg fn n ref refs
    """,
    "de": """
        nr nrn s abs art bd bde abb tab kap ziff rdnr rn tel str jh hft h anm bsp lfd.nr aufl ausg jg jhg sp z vers
        jan feb mär apr jun jul aug sep sept okt nov dez op kl par satz lekt lit buchst b w y q fn
    """,
    "fr": """
        no nos n n° p pp fig art chap vol t tome ch par al tél ext janv févr avr juil sept oct nov déc op v ann tab
        l paragr § mod réf bât app
    """,
    "hi": "पृ सं क्र अ धा उप अनु धारा नं भाग खं श्लो टे दू फो",
    "ar": "ص ط ج ع ت م ب رقم هـ ف س ش",
    "es": "núm núms no nº n.º pág págs p pp fig art cap vol t tel ext",
    "it": "n nn num pag pagg p pp fig art cap vol tel int",
    "pt": "n núm nº pág págs p pp fig art cap vol tel",
    "nl": "nr nrs p pp blz pag fig art hfst dl bd tel jan feb mrt apr jun jul aug sep sept okt nov dec",
    "ru": "с стр рис табл гл п пп ст т тт № тел вып изд",
}
SOMETIMES = {
    "en": """
        co inc ltd corp bros llc plc jr sr esq ph.d phd m.d b.a m.a b.sc m.sc ll.b d.d.s r.n u.s u.s.a u.k e.u u.n d.c
        a.m p.m am pm a.d b.c b.c.e c.e al et.al st ave blvd rd hwy ln dept univ assn ed eds trans hrs min mins in oz lb lbs
        tbsp tsp deg temp
        sq cu yd yds gal mph ff sec est govt intl natl approx. mon tue tues wed thu thur thurs fri sat sun cont misc
    """,
    "de": """
        usw etc uvm u.v.m u.ä uä o.ä oä u.dgl dgl u.s.w ff f mio mrd tsd std stdn min sek jh jhd jhdt v.chr n.chr chr
        str pl e.v a.d i.r a.m a.o co gmbh ges.m.b.h inc ltd stk stck tgl mtl pfd z.h u.v.a u.v.a.m m.w.n kg abt
        einw ew km cm bd allee jr sr u.s u.s.a
    """,
    "fr": """
        cie co s.a s.a.r.l sarl inc ltd av.j.-c apr.j.-c j.-c al suiv u.s.a u.e o.n.u s.n.c.f n.b jr hab min sec
        s.v.p r.-v a.m p.m
    """,
    "hi": "कि.मी कि.ग्रा मि.मी से.मी मी ग्रा ई.पू ई इत्यादि आदि एम.ए बी.ए बी.एससी एम.एससी पीएच.डी बी.कॉम एम.कॉम लि प्रा.लि कं",
    "ar": "ق.م ب.م م.م كم سم كجم إلخ الخ ج.م.ع هـ ش.م.م ق.ظ ب.ظ",
    "es": "ee.uu eeuu uu a.c d.c a.m p.m s.a s.l cía co inc ltd ss jr aa.vv",
    "it": "s.p.a s.r.l a.c d.c co inc ltd jr vv",
    "pt": "s.a ltda cia a.c d.c a.m p.m co inc ltd jr eua",
    "nl": "e.d b.v n.v e.a v.chr n.chr co inc ltd jr",
    "ru": "н.э до.н.э г гг в вв тыс млн млрд мин сек ч р рр",
    "pl": "r w tys mln mld godz min zł gr",
    "cs": "r st tis mil mld hod min kč",
}
LISTS = {
    "en": "etc",
    "fr": "etc",
    "es": "etc",
    "it": "ecc etc",
    "pt": "etc",
    "nl": "enz etc",
    "ru": "т.д т.п др пр руб коп ін",
    "pl": "itd itp etc",
    "cs": "atd apod aj",
    "sv": "osv o.s.v m.m m.fl etc",
    "da": "osv m.m m.fl etc",
    "no": "osv m.m m.fl etc",
    "hu": "stb",
    "ro": "etc ș.a.m.d",
    "el": "κ.λπ κλπ κ.ά",
}
"""German has none: its nouns have capitals, too, and a list may go on behind usw."""
EVERYDAY = {
    "en": "ill ore ark fed ok OK id ala miss sun sat wed in am oz cal May Ken",
    "de": "Max",
    "es": "mar bien da di sal",
    "fr": "sec",
    "it": "re via ore bar mar sa fa va ha Ada",
}
"""Not behind a number, where they are units (5 in.), and not at a sentence's beginning (Max. Länge)."""
STARTERS = {
    "en": """
        i i'm i've i'll i'd he she it we they you he's she's it's we're they're you're he'd she'd we'd they'd he'll she'll
        we'll they'll this that these those there here the a an his her its our their my your
        what who why where when how which whose if as because although though while since until after before
        and but or so then yet still now today yesterday tomorrow later soon once
        in on at by from for with without under over during every each all some many most few several both no not nobody
        nothing none never always sometimes perhaps maybe please let let's do does did is are was were has have had can
        could will would should must may might don't doesn't didn't isn't aren't wasn't weren't won't can't yes well
        however therefore moreover meanwhile instead also even only just another other one two three everyone everybody
        someone somebody anyone everything something people to of into about mr mrs ms dr rep sen prof
        me him us them mine yours hers ours theirs
    """,
    "de": """
        der die das den dem des ein eine einen einem einer eines er sie es wir ich du ihr man sein seine seinen seinem
        seiner ihre ihren ihrem ihrer mein meine meinen meinem meiner dein deine unser unsere unserer unserem euer
        eure eurer dessen deren kein keine keinen keiner
        dieser diese dieses diesen diesem jener jene jenes jeder jede jedes jeden alle alles viele einige manche mehrere
        niemand jemand nichts etwas aber und oder denn doch sondern dann danach daher darum deshalb deswegen dort da hier
        heute gestern morgen jetzt nun später bald früher damals immer nie niemals oft manchmal vielleicht wahrscheinlich
        natürlich leider trotzdem außerdem zuerst schließlich endlich plötzlich wenn als weil obwohl ob dass damit während
        bevor nachdem seit bis was wer wie wo warum wann welche welcher welches wieso weshalb wohin woher in im am an auf
        aus bei beim mit nach von vom vor zu zum zur über unter durch für gegen ohne um zwischen hinter neben ja nein nicht
        nur auch so sonst bitte ist sind war waren hat haben hatte hatten wird werden wurde wurden kann können konnte
        muss müssen soll sollen will wollen darf mag ach oh beide mir dir ihm ihn uns euch mich dich sich
        beim wegen trotz statt laut
    """,
    "fr": """
        il elle ils elles nous vous je j'ai tu on ce c'est c'était ceci cela ça le la les l' l'on un une des du de mon ma mes
        ton ta tes son sa ses notre nos votre vos leur leurs cet cette ces mais et ou donc or ni car puis ensuite alors
        enfin après avant pendant quand lorsque si comme parce que quoi qui pourquoi comment où combien dans en à au aux
        sur sous avec sans pour par chez entre vers depuis y ne non oui pas personne rien tout toute tous toutes chaque
        plusieurs certains beaucoup quelques aujourd'hui hier demain maintenant bientôt toujours jamais parfois souvent
        peut-être ici là voici voilà est sont était a ont avait c' d' n' qu' s' j' aucun aucune autre d'autres pourtant
        cependant m mme moi toi lui eux
    """,
    "es": """
        el la los las un una unos unas él ella ellos ellas yo tú usted ustedes nosotros esto eso este esta estos estas ese
        esa su sus mi mis nuestro nuestra y pero o entonces luego después antes cuando si como porque aunque mientras qué
        quién dónde cómo cuándo en a al de del con sin por para sobre no sí nada nadie todo todos cada muchos hoy ayer
        mañana ahora siempre nunca también es son era fue hay se lo le
    """,
    "it": """
        il lo la i gli le un uno una egli lui lei loro noi voi io tu questo questa questi quello quella suo sua mio mia e ma
        o poi dopo prima quando se come perché che chi dove in a al da di del con senza per su non no sì niente nessuno
        tutto tutti ogni molti oggi ieri domani ora sempre mai anche è sono era c'è si
    """,
    "pt": """
        o a os as um uma ele ela eles elas eu tu você vocês nós isto isso este esta esse essa seu sua meu minha e mas ou
        então depois antes quando se como porque embora quem onde em no na de do da com sem por para não sim nada ninguém
        tudo todos cada muitos hoje ontem amanhã agora sempre nunca também é são era foi há
    """,
    "nl": """
        de het een hij zij ze wij we ik jij je u jullie dit dat deze die zijn haar mijn ons onze hun en maar of dus toen dan
        daarna later nu vandaag gisteren morgen als wanneer omdat hoewel terwijl wat wie waar hoe waarom in op aan bij van
        voor met zonder naar uit niet nee ja niets niemand alles iedereen elke veel er hier daar is was
    """,
    "ru": """
        он она оно они мы вы я ты это этот эта эти тот та его её ее их мой моя наш наша и а но или потом затем после тогда
        когда если как потому что кто где почему куда в во на по с со из от до для без не нет да ничего никто все всё
        каждый многие сегодня вчера завтра сейчас всегда никогда тоже был была было были там здесь
    """,
}
_ORDINAL_AFTER = """
    der die das dem den des ein eine einem einen einer am im vom zum zur beim ab seit bis und vor nach jeder jede jedes
    jeden jedem dieser diese dieses diesen diesem sein seine seinem seinen seiner ihr ihre ihrem ihren ihrer mein meine
    meinem meinen meiner unser unsere unserem unseren unserer dein deine deinen deinem deiner ins ans aufs durchs fürs
    kein keine keinen zwischen oder bzw montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do
    fr sa so fast erst schon etwa euer eure
"""
ORDINAL_AFTER = frozenset(_ORDINAL_AFTER.split())
"""Words before a German number with a full stop that make it an ordinal: am 20. April, im 2. Stock."""
_MONTHS = """
    januar jänner februar feber märz april mai juni juli august september oktober november dezember jahrhundert
    jahrhunderts jahrtausend jh jan feb mär apr jun jul aug sep sept okt nov dez
"""
MONTHS = frozenset(_MONTHS.split())
"""Words that follow a German ordinal, whatever stands before it."""
_MEASURES = "kg km cm mm m g mg t l ml cl ha kW kWh GB MB kB kHz MHz GHz Hz EUR USD"
MEASURES = frozenset(_MEASURES.split())
"""Signs of units, spelt like this, which have no full stop of their own: behind a number it is the sentence's. German has
abbreviations of the same letters before its capital nouns (5 kg. Mehl)."""
DEFAULT = ("en", "de", "fr")
"""Without a language its words are taken from these."""


@cache
def abbreviations(code: str) -> Abbreviations:
    """Those of a language, by its code; of one that is not in the tables none, and of "" those of DEFAULT together."""
    near = {"mr": "hi", "ne": "hi", "fa": "ar", "ur": "ar", "uk": "ru", "be": "ru", "bg": "ru"}
    codes = [near.get(code, code)] if code else DEFAULT
    tables = (NEVER, NUMBERED, SOMETIMES, STARTERS, LISTS, EVERYDAY)
    return Abbreviations(
        *(frozenset(word for code in codes for word in table.get(code, "").split()) for table in tables)
    )
