// The twelve keys.
const keys = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', ''],
  ['#', ''],
] as const;

const names: Readonly<Record<string, string>> = { '*': 'Star', '#': 'Hash' };

export function Keypad({ onPress }: { readonly onPress: (digit: string) => void }) {
  return (
    <div role="group" aria-label="Keypad" className="grid grid-cols-3 gap-2">
      {keys.map(([digit, letters]) => (
        <button
          key={digit}
          type="button"
          aria-label={names[digit]}
          onClick={() => onPress(digit)}
          className="grid h-14 place-content-center rounded-xl border border-rule bg-card text-center transition-colors hover:border-edge active:bg-copper-soft"
        >
          <span className="text-xl leading-none font-medium tabular-nums">{digit}</span>{' '}
          <span className="h-3 text-[0.65rem] leading-3 tracking-widest text-muted">{letters}</span>
        </button>
      ))}
    </div>
  );
}
