// What listeners murmur, what stops a speaker and what leaves a sentence open: phrases by language, plain data.

/** Phrases are one or more words; case, punctuation and hyphens do not matter. */
export interface TurnWords {
  /** Signs of listening: said over the agent they are no interruption, unless it has just asked something. */
  readonly backchannels: readonly string[];
  /** An interruption, however few they are. */
  readonly interruptWords: readonly string[];
  /** Who ends with these has more to say. */
  readonly unfinishedWords: readonly string[];
}

const sounds = 'mm, mhm, mhmm, mm-hm, mm-hmm, hm, hmm, uh-huh, aha, ah, oh, ok, okay';
/** They keep the floor, and take it from nobody. */
const hesitations = 'uh, um, uhm, äh, ähm, öh, euh, ehm';

const byLanguage: Readonly<Record<string, readonly [listening: string, stopping: string, open: string]>> = {
  en: [
    `yes, yeah, yep, yup, right, all right, alright, sure, fine, good, great, cool, I see, got it, of course, exactly, true,
     go on, makes sense, I understand, understood, er, erm`,
    `stop, wait, no, hold on, hang on, excuse me, sorry, pause, cancel, hello, one moment, one second, just a moment,
     just a second`,
    `er, erm, and, or, but, because, if, when, the, a, an, my, your, to, of, from, with, number is, name is, address is,
     code is, let me see`,
  ],
  de: [
    `ja, jaja, jo, genau, gut, schön, klar, alles klar, stimmt, richtig, natürlich, verstehe, ich verstehe, verstanden,
     ach so, achso, in Ordnung, super, prima`,
    `stopp, stop, halt, nein, warte, warten Sie, Moment, Entschuldigung, hallo`,
    `und, oder, aber, weil, wenn, dass, ein, eine, mein, von, für, Nummer ist, Name ist, Adresse ist`,
  ],
  es: [
    `sí, ya, vale, claro, bien, bueno, entiendo, de acuerdo, exacto, ajá, perfecto`,
    `para, pare, espera, espere, no, un momento, perdón, perdone, disculpe, alto`,
    `y, o, pero, porque, que, el, la, los, las, un, una, mi, de, con, número es, nombre es`,
  ],
  fr: [
    `oui, ouais, d'accord, bien, très bien, je vois, je comprends, exact, voilà, bien sûr`,
    `stop, arrêtez, attends, attendez, non, un instant, un moment, pardon, excusez-moi`,
    `et, ou, mais, parce que, que, le, la, les, un, une, mon, ma, de, avec, numéro est le`,
  ],
  it: [
    `sì, va bene, bene, certo, capisco, ho capito, esatto, giusto, perfetto, d'accordo`,
    `stop, ferma, fermi, aspetta, aspetti, no, un momento, un attimo, scusi, scusa`,
    `e, o, ma, perché, che, il, lo, un, una, mio, mia, di, con, numero è, nome è`,
  ],
  nl: [
    `ja, jawel, goed, prima, precies, klopt, oké, natuurlijk, ik snap het, begrepen`,
    `stop, wacht, wacht even, nee, moment, momentje, sorry, pardon, hallo`,
    `en, of, maar, omdat, de, het, een, mijn, van, met, nummer is, naam is`,
  ],
  pt: [
    `sim, certo, tá, tá bom, está bem, claro, entendi, entendo, exato, perfeito, pois`,
    `para, pare, espera, espere, não, um momento, desculpe, com licença`,
    `e, ou, mas, porque, que, os, as, um, uma, meu, minha, de, com, número é, nome é`,
  ],
};

/** `language`: BCP 47. English where there is none; of a language that is not known, sounds only. */
export function wordsFor(language = 'en'): TurnWords {
  const [name = ''] = language.toLowerCase().split('-');
  const [listening = '', stopping = '', open = ''] = Object.hasOwn(byLanguage, name)
    ? (byLanguage[name] ?? [])
    : [];
  return {
    backchannels: phrases(sounds, hesitations, listening),
    interruptWords: phrases(stopping),
    unfinishedWords: phrases(hesitations, open),
  };
}

function phrases(...lists: readonly string[]): readonly string[] {
  return lists.flatMap((list) => list.split(/,\s*/)).filter((phrase) => phrase !== '');
}
