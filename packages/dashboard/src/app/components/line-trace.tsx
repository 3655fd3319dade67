// The wire between the two: the agent's voice above it, the caller's below, the newest at the right.
import type { BrowserPhone } from '@voicewire/telephony-browser/client';
import { useEffect, useRef } from 'react';

const bars = 96;
const everyMs = 50;
/** In the picture's own units: a bar every 10, the wire at 50. */
const barWidth = 10;
const middle = 50;
const reach = 44;

interface LineTraceProps {
  readonly phone: () => BrowserPhone | undefined;
  readonly isLive: boolean;
}

/** Says nothing that the transcript does not; so it is a picture only, and still for those who want no motion. */
export function LineTrace({ phone, isLive }: LineTraceProps) {
  const agentPath = useRef<SVGPathElement>(null);
  const callerPath = useRef<SVGPathElement>(null);

  useEffect(() => {
    if (!isLive || matchMedia('(prefers-reduced-motion: reduce)').matches) return undefined;
    const agent = new Array<number>(bars).fill(0);
    const caller = new Array<number>(bars).fill(0);
    const timer = setInterval(() => {
      const levels = phone()?.levels();
      shift(agent, levels?.agent ?? 0);
      shift(caller, levels?.caller ?? 0);
      agentPath.current?.setAttribute('d', drawBars(agent, -1));
      callerPath.current?.setAttribute('d', drawBars(caller, 1));
    }, everyMs);
    return () => {
      clearInterval(timer);
      agentPath.current?.setAttribute('d', '');
      callerPath.current?.setAttribute('d', '');
    };
  }, [isLive]);

  return (
    <svg
      viewBox={`0 0 ${bars * barWidth} ${middle * 2}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      className="h-14 w-full"
      fill="none"
      strokeWidth={5}
    >
      <path d={`M0 ${middle}H${bars * barWidth}`} className="stroke-rule" strokeWidth={2} />
      <path ref={agentPath} className="stroke-copper" />
      <path ref={callerPath} className="stroke-ink" />
    </svg>
  );
}

function shift(levels: number[], level: number): void {
  levels.shift();
  levels.push(level);
}

function drawBars(levels: readonly number[], direction: 1 | -1): string {
  return levels
    .map((level, index) =>
      level > 0.02 ? `M${(index + 0.5) * barWidth} ${middle}v${direction * level * reach}` : '',
    )
    .join('');
}
