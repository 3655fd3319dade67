// Days, times, digits and names in what people say: as much as the demo's script needs, no more.

const digitWords = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;
const hourWords = [...digitWords, 'ten', 'eleven', 'twelve'] as const;
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

export function dayIn(text: string): (typeof days)[number] | undefined {
  return days.find((day) => text.toLowerCase().includes(day));
}

/** `4711`, `4 7 1 1` and `four seven one one` are the same number. */
export function digitsIn(text: string): string {
  const words: readonly string[] = text.toLowerCase().match(/[a-z]+|\d/g) ?? [];
  return words.map((word) => (/\d/.test(word) ? word : digitOf(word))).join('');
}

function digitOf(word: string): string {
  const digit = word === 'oh' ? 0 : digitWords.findIndex((known) => known === word);
  return digit < 0 ? '' : String(digit);
}

/** `ten`, `10:30`, `half past two` as HH:MM; the shop is open by day, so `two` is in the afternoon. */
export function timeIn(text: string): string | undefined {
  const match =
    /\b(?:at|around|for)?\s*(half past|quarter past|quarter to)?\s*\b(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?:[:. ](\d{2}|thirty|fifteen|forty five))?\s*(o'?clock|a\.?m\.?|p\.?m\.?)?/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, modifier, hourText = '', minuteText, suffix] = match;
  const spoken = hourWords.findIndex((word) => word === hourText.toLowerCase());
  const given = spoken >= 0 ? spoken : Number(hourText);
  const minute = minutesOf(modifier, minuteText);
  const isAfternoon = /^p/i.test(suffix ?? '') || (!/^a/i.test(suffix ?? '') && given < 8);
  const hour = (given % 12) + (given >= 12 || isAfternoon ? 12 : 0) - (minute < 0 ? 1 : 0);
  if (hour < 0 || hour > 23) return undefined;
  return `${String(hour).padStart(2, '0')}:${String((minute + 60) % 60).padStart(2, '0')}`;
}

const minutes: Readonly<Record<string, number>> = {
  ...{ 'half past': 30, 'quarter past': 15, 'quarter to': -15 },
  ...{ thirty: 30, fifteen: 15, 'forty five': 45 },
};

function minutesOf(modifier: string | undefined, text: string | undefined): number {
  return minutes[(modifier ?? text ?? '').toLowerCase()] ?? Number(text ?? 0);
}

/** After `my name is`, or the whole of an answer to the question for it. */
export function nameIn(text: string, isAnswer: boolean): string | undefined {
  const introduced = /\b(?:my name is|name's|this is|i am|i'm)\s+([\p{L}'-]+(?: [\p{L}'-]+)?)/iu.exec(
    text,
  )?.[1];
  const name = introduced ?? (isAnswer ? text.replace(/[^\p{L}' -]/gu, '').trim() : '');
  return name === '' ? undefined : name.replace(/(^| )\p{L}/gu, (initial) => initial.toUpperCase());
}
