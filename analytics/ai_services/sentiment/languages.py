# ruff: noqa: RUF001 - letters that look like others are the subject
"""What tells languages apart in a short text: letters and the smallest words. Facts, listed by hand.

A word that English shares ("no", "me", "on") counts for both, and so for neither.
"""

from __future__ import annotations

#: First code points of scripts that English does not use: start, end, code of the likeliest language.
SCRIPTS: tuple[tuple[int, int, str], ...] = (
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "ru"),
    (0x0531, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x06FF, "ar"),
    (0x0900, 0x097F, "hi"),
    (0x0980, 0x09FF, "bn"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0E00, 0x0E7F, "th"),
    (0x10A0, 0x10FF, "ka"),
    (0x3040, 0x30FF, "ja"),
    (0x4E00, 0x9FFF, "zh"),
    (0xAC00, 0xD7AF, "ko"),
)

#: Letters that occur in few languages, with the likeliest. Accents that English borrows (é, ï) are not here.
LETTERS: dict[str, str] = {
    **dict.fromkeys("ñ¿¡", "es"),
    **dict.fromkeys("ãõ", "pt"),
    **dict.fromkeys("ß", "de"),
    **dict.fromkeys("œçèêùîû", "fr"),
    **dict.fromkeys("ìò", "it"),
    **dict.fromkeys("åä", "sv"),
    **dict.fromkeys("øæ", "da"),
    **dict.fromkeys("łąęśćźżń", "pl"),
    **dict.fromkeys("řěůčďť", "cs"),
    **dict.fromkeys("ğış", "tr"),
    **dict.fromkeys("őű", "hu"),
    **dict.fromkeys("țșăâ", "ro"),
    **dict.fromkeys("ạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹđơư", "vi"),
}

#: The smallest words of each language: articles, pronouns, prepositions, forms of "to be" and the like, and a few
#: words without which feedback is hardly written ("very", "good").
SMALL_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "de": """
            der das und ist nicht ich du wir ihr sie es ein eine einen einem einer auf mit für von zu im dem den
            des sich auch als aber oder wenn nur noch nach bei aus über sehr gut schlecht schön wie wird wurde
            werden kann können hat habe haben sind waren mein meine dass zum zur mehr immer wieder leider danke
            viel schon kein keine ganz super toll vielen uns euch doch gar alles nichts etwas hier heute bitte
            warum
        """,
        "fr": """
            le la les des est et une un du dans pour pas que qui sur avec je tu il elle nous vous ils ne se ce
            cette ces au aux mon ma mes très bien mais ou où comme plus tout tous c'est j'ai n'est l'application
            d'une qu'il sont était être fait été merci vraiment trop peu rien jamais toujours aussi votre notre
            leur sans même beaucoup j'adore suis ai as à y en
        """,
        "es": """
            el la los las es y un una de que en no por con para se lo como más pero su sus al del muy está están
            este esta esto son fue era ser hay mi mis nos te le les ya todo todos bien mal gracias cuando porque
            qué sin sobre también me mucho mucha nada nunca siempre tiene puedo hace buena bueno gusta encanta
        """,
        "pt": """
            o os um uma de que não em para com por se mais mas como foi ao ele ela das dos da na nos no pelo
            muito bem está são é eu você isso este esta meu minha sem também já tudo obrigado obrigada quando
            porque nada nunca sempre tem gostei adorei boa bom ótimo péssimo
        """,
        "it": """
            il lo gli la le un una di che è e non in per con del della dei delle al alla sono era ma anche come
            più molto questo questa mi ti si ci io tu noi voi loro suo mio mia tutto tutti bene male grazie
            quando perché sempre mai niente ho ha hanno nel nella dal dalla senza così poco troppo ottimo bella
            bello
        """,
        "nl": """
            de het een en is niet van ik je jij wij we zij ze met voor op aan dat deze dit er maar ook als zijn
            was werd wordt heeft heb hebben naar bij uit om te zeer heel goed slecht wel geen nog nooit altijd
            dan mijn jullie ons onze wat waarom hoe bedankt mooi erg veel weer kan kunnen
        """,
        "sv": """
            och att det som en ett är var inte jag du vi ni de den på av för med till om men så har hade kan
            kunde ska mycket bra dålig dåligt mer från mig dig oss min mitt mina alla aldrig alltid tack väldigt
            också när vad varför här där
        """,
        "da": """
            og at det som en et er var ikke jeg du vi de den på af for med til om men så har havde kan kunne
            skal meget godt dårlig dårligt mere fra mig dig os min mit mine alle aldrig altid tak også når hvad
            hvorfor her der
        """,
        "pl": """
            i w na nie jest się to z do że jak o ale po co tak za od przez dla był była było są mi mnie bardzo
            dobrze źle tylko już jeszcze też czy może ten ta te tego tej który która dziękuję nigdy zawsze
            wszystko polecam dobra dobry
        """,
        "cs": """
            je se na že to není v a s z do jsem jsme jste by byl byla bylo jsou ale jak co pro tak po za od mi
            mě velmi dobře špatně jen už ještě také nebo tento tato děkuji nikdy vždy všechno moc který která
        """,
        "tr": """
            bir ve bu çok için da de ile ne mi mı ama gibi daha en o ben sen biz siz var yok değil olarak kadar
            her şey hiç iyi kötü güzel teşekkürler sonra ki bana neden nasıl oldu olan
        """,
        "fi": """
            ja on ei se että en oli ole minä sinä hän me te he ovat mutta kun niin myös kuin tai jos hyvä huono
            todella erittäin hyvin tämä sen mitä kiitos aina koskaan liian paljon kaikki ihan vain olen voi
        """,
        "ro": """
            și este nu un o de la în cu pe din care mai dar sunt am ai a fost foarte bine rău pentru ce că să se
            mă îmi acest această tot toate mulțumesc niciodată mereu fără când
        """,
        "hu": """
            a az és nem hogy egy is ez azt van volt de meg csak már még nagyon jó rossz mint vagy ha mert
            köszönöm soha mindig ki le el be én te mi ti sem
        """,
        "id": """
            yang dan di ini itu dengan untuk tidak dari dalam akan pada saya kamu kami mereka ada adalah sangat
            bagus buruk bisa juga sudah belum tapi karena lebih banyak terima kasih suka sekali aplikasi
        """,
        "vi": """
            là và của có không cho với này được một những các trong rất tôi bạn mình đã thì mà ở cũng nhưng tốt
            đẹp lắm quá
        """,
        "no": """
            og at det som en et er var ikke jeg du vi de den på av for med til om men så har hadde kan kunne
            skal veldig bra dårlig mer fra meg deg oss min mitt mine alle aldri alltid takk også når hva hvorfor
            her der
        """,
    }.items()
}

#: English for the balance: the words of the same kind.
ENGLISH_WORDS = frozenset(
    """
    the a an and is are was were be been i you he she it we they my your his her its our their this that
    these those of to in on at for with from by as or but if so not no do does did have has had can could
    will would should just very too really what when where why how who which there here all more most some
    any than then out up about into me him us them i'm it's don't can't i've you're that's didn't doesn't
    won't isn't good bad great love get got like one now new time day know think want need make see go
    going much many never always still only even after before because over again am thanks thank please
    """.split()  # noqa: SIM905
)
