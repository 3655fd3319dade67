// The page's head: whose page it is and how the line stands.

interface HeaderProps {
  readonly state: string;
  readonly isLive?: boolean;
}

export function Header({ state, isLive = false }: HeaderProps) {
  return (
    <header className="border-b border-rule">
      <div className="mx-auto flex max-w-6xl items-center gap-3 px-5 py-4">
        <svg viewBox="0 0 64 24" aria-hidden="true" className="h-6 w-16 text-copper">
          <path
            d="M1 12h14l3-8 6 17 6-19 5 14 3-4h25"
            fill="none"
            stroke="currentColor"
            strokeWidth="2.4"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </svg>
        <h1 className="text-xl font-semibold tracking-tight">Voicewire</h1>
        <p role="status" className="ml-auto flex items-center gap-2 text-sm font-medium">
          <span aria-hidden="true" className={`size-2.5 rounded-full ${isLive ? 'bg-go' : 'bg-edge'}`} />
          {state}
        </p>
      </div>
    </header>
  );
}
