"""What mining knows of German: words that end a noun phrase, and tags by kind."""

from training.labels.lexicon import Lexicon

GERMAN = Lexicon(
    code="de",
    stemmer="german",
    nouns_are_capitalised=True,
    ends_phrase=(
        "der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen "
        "mit ohne in im aus von vom für auf an am bei zu zum zur über unter bis durch ist sind "
        "hat haben wird kann es er sie ihr ihre sein seine sehr auch als wie welche welches"
    ),
    joins="und oder",
    never_type="set stück paar größe farbe muster look stil design schnitt material länge",
    adjective_endings=" ".join(
        f"{ending}{inflection}"
        for ending in ("ig", "lich", "isch", "bar", "los", "ant", "iv", "ell", "eng", "weit")
        for inflection in ("", "e", "er", "es", "en", "em")
    ),
    tags={
        "colour": """
            Schwarz: tiefschwarz
            Weiß: schneeweiß, reinweiß
            Creme: cremeweiß, ecru, elfenbein, cremefarben
            Grau: hellgrau, dunkelgrau, grau meliert
            Anthrazit
            Silber: silbern, silberfarben
            Blau: hellblau, dunkelblau, himmelblau, königsblau, kobaltblau, mittelblau
            Marineblau: marine, navy, nachtblau
            Türkis: aqua
            Petrol
            Grün: hellgrün, dunkelgrün, mint, mintgrün, smaragdgrün, tannengrün
            Oliv: olivgrün, khaki
            Gelb: hellgelb, zitronengelb
            Senf: senfgelb
            Gold: golden, goldfarben
            Orange: orangefarben
            Koralle: korallfarben, lachs, apricot
            Rot: hellrot, dunkelrot, feuerrot, rostrot
            Bordeaux: bordeauxrot, weinrot, burgunderrot
            Rosa: rosé, rosafarben, altrosa, hellrosa
            Pink: fuchsia, magenta
            Lila: violett, flieder, aubergine, lavendel
            Braun: hellbraun, dunkelbraun, cognac, rostbraun
            Beige: sand, sandfarben, taupe, nude, hautfarben
            Bunt: mehrfarbig, multicolor
        """,
        "pattern": """
            Gestreift: streifen, ringel, nadelstreifen, streifenmuster
            Kariert: karo, karos, karomuster, schottenkaro
            Gepunktet: punkte, punkten, polka dots, tupfen, punktemuster
            Geblümt: blumen, blumenmuster, blumenprint, floral, blüten, blumig
            Bedruckt: print, aufdruck, druck
            Einfarbig: uni, unifarben
            Animal Print: leoparden, leopardenmuster, leo, zebra, schlangenmuster
            Camouflage: tarnmuster
            Paisley: paisleymuster
            Bestickt: stickerei, stickereien
            Geometrisch
            Meliert
            Gemustert
        """,
        "material": """
            Baumwolle
            Leder: kunstleder, wildleder
            Denim: jeansstoff
            Wolle: schurwolle, merino, kaschmir
            Seide: seidig
            Leinen
            Polyester
            Viskose
            Samt
            Satin
            Spitze: spitzen, häkelspitze
            Chiffon
            Tüll
            Jersey
            Strick: gestrickt, feinstrick
            Cord
            Fleece
            Mesh: netz
            Pailletten
            Jacquard
        """,
        "neckline": """
            V-Ausschnitt: v förmig
            Rundhalsausschnitt: rundhals, rundausschnitt, runder ausschnitt, rundem ausschnitt
            U-Boot-Ausschnitt: boat neck
            Rollkragen
            Stehkragen
            Kragen: hemdkragen, polokragen, umlegekragen
            Schulterfrei: off shoulder, carmenausschnitt
            Trägerlos: bandeau
            Neckholder: nackenträger
            Herzausschnitt: herzförmig
            Wasserfallausschnitt
            Kapuze
        """,
        "sleeve": """
            Ärmellos: ohne ärmel, keine ärmel
            Kurzarm: kurzärmlig, kurzärmelig, kurze ärmel, kurzen ärmeln, kurzärmliges
            Langarm: langärmlig, langärmelig, lange ärmel, langen ärmeln
            Dreiviertelarm: dreiviertelärmel, dreiviertellange ärmel
            Flügelärmel
            Trompetenärmel
            Spaghettiträger
            Träger: breite träger, trägern
        """,
        "closure": """
            Reißverschluss
            Knöpfe: knopf, knopfleiste, knopfverschluss
            Schnürung: schnürer, geschnürt
            Schnalle
            Klettverschluss
            Gürtel: bindegürtel
            Wickel: gewickelt, wickeloptik
            Druckknöpfe: druckknopf
            Haken
        """,
        "audience": """
            Damen: frauen, damenmode
            Herren: männer
            Mädchen
            Jungen
            Kinder: kids
            Unisex
        """,
    },
)
