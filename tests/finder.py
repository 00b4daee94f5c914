"""Prints, phrase by phrase, what the word finder makes of words as people type them from their letters.

Run with `python -m tests.finder`. Exits 1 when the first word found is right for fewer than 95 in 100 phrases, or when
something is found in a phrase that holds no word of a letter.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from triage import resources
from triage.finder import Finder
from triage.knowledge import load

ENOUGH = 0.95
"""The share of phrases whose first word has to be right."""

PHRASES = {
    "report language": """
        calcification: Some calcifcation was noted on your scan
        calcification: there is a small focus of calcium
        calcification: calcifed area 4 mm
        calcification: multiple calcific foci are seen
        calcification: tiny calcium depositts
        dystrophic: Dystrofic calcification in the gluteal region
        dystrophic: likely dystrophic calcifications following trauma
        metastatic-calcification: metastatic calcifications of the soft tissues
        metastasis: no convincing metastases
        metastasis: 2 mets in liver
        metastasis: bone metastisis cannot be excluded
        ectopic: soft-tissue calcifications around the ankle
        ectopic: ectopic calcificaton
        ossification: a well corticated ossific focus
        sclerosis: sclerotic change in the joint
        calculus: a 3mm calculi
        granuloma: calcific granulomata? no, just granulomas
        hounsfield: 130 hounsfeld units
        hounsfield: hyper-dense lesion
        radiopaque: radioopaque density near the angle of the jaw
        radiopaque: Radio opaque body
        echogenic: echogenic foccus with posterior shadowing
        echogenic: accoustic shadowing
        incidental: This is an incidental finding only
        incidental: incidently noted
        clinical-correlation: Clinical corelation is advised
        clinical-correlation: pls correlate clinically
        indeterminate: indeterminant lesion
        indeterminate: non specific appearance
        suspicious: suspicous calcs
        suspicious: findings are suspicious for malignancy
        malignancy: malignancy can not be excluded
        malignancy: Malignancy cannot be excluded on this study.
        malignancy: a malignent process
        benign: typically benign in appearance
        benign: bening appearances
        probably-benign: probably benine
        probably-benign: This is probaby benign
        no-follow-up: No follow up is required
        no-follow-up: no further action needed
        follow-up: follow up recommended in 6 months
        follow-up: repeat imaging in 3/12
        stable: Unchanged since 2019
        stable: stable appearances since last year
        degenerative: degenrative changes throughout
        degenerative: wear & tear in the facet joints
        degenerative: cervical spondylosis
        """,
    "heart and vessels": """
        calcium-score: Agatston score 120
        calcium-score: agaston score was 87
        calcium-score: Your total calcium score is 412
        calcium-score: CAC score 35 AU
        calcium-score: coronary calcium scoring
        agatston-0: calcium score: 0
        agatston-0: Agatston 0
        agatston-high: severe coronary calcifications
        agatston-100: moderate coronary artery calcification
        agatston-low: mild coronary artery calcification
        calcium-percentile: which places you above the 75th percentile
        coronary-calcification: calcified LAD
        coronary-calcification: calcification of the coronary arteries
        coronary-calcification: three vessel coronary calcification
        coronary-calcification: coronory artery calcifications
        coronary-calcification: Heavy calcification in the left anterior descending artery
        atherosclerosis: atheroslerosis
        atherosclerosis: widespread atheromatous disease
        atherosclerosis: artherosclerosis of the vessels
        arteriosclerosis: hardening of arteries
        plaque: calcified plaques
        plaque: soft plauqe
        medial-calcification: Monckeberg's sclerosis
        medial-calcification: Mönckebergs medial calcification
        vascular-calcification: vascular calcificatons are present
        vascular-calcification: arterial wall calcification
        vascular-calcification: calcification of the arteries
        vascular-calcification: calcified blood vessels
        tram-track: tramtrack calcification
        carotid: calcifed carotid plaque both sides
        carotid: calcification in the carotid arteries
        carotid: carotid stennosis 50%
        panoramic: dental panoramic radiograph
        stenosis: significant stenosis
        ischaemia: chronic ischemic change
        aorta: calcification of the aorta
        aorta: Aortic arch calcifications
        aorta: calcific aortic knuckle
        aorta: aortic calcfication
        aorta: The abdominal aorta is calcified
        porcelain-aorta: porcelin aorta
        aneurysm: abdominal aortic aneurism 3.2 cm
        aneurysm: AAA 4.1cm
        aneurysm: aneurysmal dilatation of the aorta
        pad: peripheral vascular disease
        pad: PAD both legs
        pad: intermittant claudication
        pad: calcified leg arteries
        abpi: ankle brachial index 1.4
        abpi: non compressible vessels
        aortic-sclerosis: aortic sclerosis, no stenosis
        aortic-stenosis: moderate aortic stenosis
        aortic-stenosis: calcified aortic valve stenosis
        aortic-valve-calcification: calcification of the aortic valve
        aortic-valve-calcification: biscuspid aortic valve
        tavi: referred for TAVI
        mitral-ring: mitral annulus calcified
        mitral-ring: Mitral anular calcification
        mac: moderate MAC on echo
        mitral-valve: mild mitral regurgitaion
        as: severe AS
        """,
    "mammogram": """
        coarse: Coarse popcorn-like microcalcifcation upper outer quadrant, BI-RADS 2
        microcalcification: Micro calcifications in the left breast
        microcalcification: micro-calcs
        microcalcification: mircocalcifications
        macrocalcification: macrocalcifcation
        breast-artery: breast arterial calcs
        birads: BI-RADS 2 or 3
        birads: my birads score
        birads-0: BIRADS category 0
        birads-0: bi rads 0 need more views
        birads-1-2: BI-RADS: 2
        birads-1-2: Birads2
        birads-3: bi-rads 3 probably benign
        birads-3: BI-RADS assessment category 3
        birads-4: BI-RADS 4B
        birads-4: birads 4 a
        birads-4: BI-RADS category 4, suspicious
        birads-4: M4 right breast
        birads-5: bi rads 5
        birads-5: BI-RADS Category 5
        birads-6: birads-6
        m3: M3 microcalcification
        recall-to-assessment: I was recalled for assessment
        recall-to-assessment: magnification views advised
        recall: RECALL
        fine-linear: fine linear branching calcifications
        fine-linear: casting type calcification
        fine-linear: segmental distrubution
        pleomorphic: fine pleomorfic calcs
        amorphous: amorphus microcalcification
        punctate: punctate calcs
        cluster: cluster of microcalcifications
        cluster: grouped microcalcification, new
        popcorn: pop-corn calcification
        eggshell: egg shell calcification
        fat-necrosis: fat necrossis
        fat-necrosis: oil cyst in scar
        fibroadenoma: calcifying fibro-adenoma
        fibroadenoma: fibroadenomas
        dcis: biopsy showed dcis
        dcis: Ductal carcinoma insitu high grade
        b3: ADH on biopsy
        stereotactic: stereotatic biopsy
        benign: benign calcification in right breast
        breast-calcification: scattered breast calcifications
        """,
    "bones, tendons and joints": """
        calcific-tendinitis: calcific tendonitis supraspinatus
        calcific-tendinitis: calcific tendonitus
        calcific-tendinitis: Calcifying tendonitis
        calcific-tendinitis: hydroxyappatite deposition
        rotator-cuff: supraspinatous calcification
        rotator-cuff: calcification in the shoulder
        rotator-cuff: calcific deposit in rotater cuff
        rotator-cuff: calcium deposit in my shoulder
        hip-tendon: glutus medius calcification
        hip-tendon: calcification at the greater trochanter
        elbow-tendon: calcification at the common extensor origin
        achilles: Achiles tendon calcification
        achilles: posterior calcaneal spurs
        longus-colli: longus coli tendinitis
        retropharyngeal: retropharyngial swelling
        enthesophyte: enthesophites
        enthesophyte: osteofytes at C5/6
        enthesophyte: plantar heel spurs
        pellegrini-stieda: Pelligrini-Stieda lesion
        opll: OPLL C4-C6
        opll: ossification of posterior longitudinal ligament
        opll: ossified ligamentum flavum
        dish: DISH
        dish: Diffuse idiopathic skeletal hyperostosis
        dish: Forestiers disease
        ankylosis: anklyosis
        myelopathy: cervical myelopathy with cord signal change
        myelopathy: compression of the spinal cord
        heterotopic-ossification: heterotopic ossifcation
        heterotopic-ossification: HO around hip
        brooker: Brooker grade 2 HO
        myositis-ossificans: myositis ossifficans
        calcified-haematoma: calcified hematoma in thigh
        calcified-haematoma: old calcified haemotoma
        chondrocalcinosis: condrocalcinosis of knee
        chondrocalcinosis: chondro-calcinosis
        cppd: CPPD
        cppd: pseudo-gout
        cppd: calcium pyrophosphate crystals
        tophus: gouty tophi
        crowned-dens: crown dens syndrome
        """,
    "mouth": """
        dental-calculus: sub-gingival calculus
        dental-calculus: heavy calculus deposits lower front teeth
        dental-calculus: tarter
        periodontitis: generalised peridontitis
        periodontitis: gum pockets / periodontal pocketing
        scaling: scale and polish, OHI
        sialolith: submandibular calculi
        sialolith: sialolithiasis left submandibular gland
        sialolith: parotid duct stone
        panoramic: OPG
        """,
    "chest, belly and others": """
        pineal: pineal gland calcification, physiological
        pineal: choroid plexus calcifications
        falx: calcified falx
        basal-ganglia: calcification of the basal ganglia
        basal-ganglia: basal ganglia calcifcation
        fahr: Fahr's disease
        calcified-nodule: calcified granuloma right upper lobe
        calcified-nodule: calcified pulmonary nodules
        lung-nodule: 6 mm lung nodules
        ghon: Gohn focus
        hilar: calcified hilar nodes
        hilar: calcified mediastinal lymph nodes
        pleural-plaque: pleural plaques
        pleural-plaque: plural plaques, asbestos
        thyroid: thyriod nodule
        thyroid: multi-nodular goiter
        tirads: TIRADS 4
        tirads: TI-RADS TR5
        gallstones: gall stones
        gallstones: cholelithasis
        gallstones: multiple calculi in the gallbladder
        porcelain-gallbladder: porcelain gall bladder
        pancreatitis: pancreatic calcifications
        pancreatitis: calcification in the pancreas
        pancreatitis: chronic calcific pancreatits
        kidney-stone: renal calculi bilaterally
        kidney-stone: nephrolithiasis
        kidney-stone: 4mm stone in the left kidney
        ureteric-stone: hydroneprosis
        ureteric-stone: VUJ calculus
        nephrocalcinosis: medullary nefrocalcinosis
        fibroid: calcified uterine fibroids
        phlebolith: phlebolith in the pelvis
        phlebolith: flebolith
        phlebolith: pelvic phlebolyths
        prostate: calcifications in the prostate
        spleen-liver-adrenal: splenic granuloma
        spleen-liver-adrenal: calcified granulomas in the spleen
        spleen-liver-adrenal: calcification in the liver
        drusen: optic disk drusen
        """,
    "skin, kidneys and blood": """
        calcinosis: calcinosis cuttis
        crest: CREST
        crest: limited cutaneous systemic sclerosis
        juvenile-dermatomyositis: juvenile dermatomyositus
        calciphylaxis: calcifylaxis
        calciphylaxis: calcific uremic arteriolopathy
        uraemic: ureamic
        tumoral-calcinosis: peri-articular calcification
        tumoral-calcinosis: tumoural calcinosis
        ckd-mbd: CKD MBD
        hypercalcaemia: hypercalcemia 2.9
        hypercalcaemia: raised calcium level
        hyperparathyroidism: primary hyperparathyroidsm
        hyperphosphataemia: hyperphosphatemia
        hypoparathyroidism: hypocalcaemia
        scrotal-calcinosis: scrotal calcinossis
        skin-cyst: calcified sebaceous cysts
        pilomatrixoma: pilomatricomas
        pilomatrixoma: pilomatrixoma on the arm
        extravasation: extravazation of calcium gluconate
        injection-granuloma: injection granulomas in buttocks
        injection-granuloma: gluteal injection site granuloma
        scar: calcification in the scar
        newborn-fat: subcutaneous fat necrosis of newborn
        """,
}
"""By kind of letter: the entry that has to be found first (without its "letter-"), and what somebody typed."""

NOTHING = """
    normal liver
    happy birthday
    The heart is of normal size and the lungs are clear
    qwrtzpsd xkcdfgh jklmnb
    asdfasdfasdf
    Dear Mrs Miller, thank you for coming to our clinic on 3 May
    no abnormality detected
    as seen on the previous scan, of normal size
    the iliac crest and the fat pad look normal
    you may opt for a telephone call
    a dish of pasta
    hypoechoic
    ankylosing spondylitis
    scoliosis
    fracture of the wrist
    this needs clarification
    a course of treatment
    4
    2 - 3
    CT scanning of the chest
    the wound was sealing well
    intermittent falling
    !!! ??? ...
    12/05/2024 10:30
    of the in a
    pneumonia
    urethral
    ☃ ☃ ☃
    """
"""What holds no word of a letter that the rules explain; real words that look like one are among them."""


@dataclass(frozen=True, slots=True)
class Try:
    """A phrase, what had to be found first, and what was."""

    kind: str
    phrase: str
    expected: str
    found: str

    @property
    def right(self) -> bool:
        """Whether the first word found is the right one."""
        return self.expected == self.found


def tries(finder: Finder) -> Iterator[Try]:
    """Every phrase, looked up."""
    for kind, lines in PHRASES.items():
        for line in lines.strip().splitlines():
            expected, _, phrase = line.strip().partition(": ")
            yield Try(kind, phrase, expected, first(finder, phrase))


def first(finder: Finder, phrase: str) -> str:
    """The entry that is found first, without its "letter-"; empty when nothing is found."""
    return next((hit.entry.id.removeprefix("letter-") for hit in finder.find(phrase)), "")


def nothing() -> list[str]:
    """The phrases in which nothing may be found."""
    return [line.strip() for line in NOTHING.strip().splitlines()]


def main() -> int:
    """Print the table; 1 when too few are right."""
    finder = Finder(load(resources.folder("rules")))
    all_tries = list(tries(finder))
    wrong = [(phrase, found) for phrase in nothing() if (found := first(finder, phrase))]
    for kind in PHRASES:
        of_kind = [one for one in all_tries if one.kind == kind]
        print(f"\n{kind}: {sum(one.right for one in of_kind)} of {len(of_kind)}")
        for one in of_kind:
            missed = "" if one.right else f" (not {one.expected})"
            print(f"  {'ok ' if one.right else 'NO '} {one.phrase:70} {one.found}{missed}")
    print(f"\nnothing to find: {len(nothing()) - len(wrong)} of {len(nothing())}")
    for phrase, found in wrong:
        print(f"  NO  {phrase:70} {found}")
    right = sum(one.right for one in all_tries)
    print(f"\nright first word: {right} of {len(all_tries)} phrases ({100 * right / len(all_tries):.1f}%)")
    return int(right < ENOUGH * len(all_tries) or bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
