// Where everything a fake says goes out, in order, and where it goes wrong on demand.
import { realClock } from '../real-clock.js';
import type { FakeChannel } from './channel.js';
import type { DialectBasics, FakeClose, WireMessage } from './dialects.js';
import type { Misbehaviour } from './misbehaviour.js';

/** `greeting`: before anything was asked. `result`: counted by `afterEvents`. `final`: what proves that nothing is missing. */
export type MessageRole = 'greeting' | 'result' | 'final';

export interface Outlet {
  readonly sentCount: number;
  /** What this session was opened with. */
  readonly misbehaviours: readonly Misbehaviour[];
  /** Misbehaviours that wait for results may strike from now on. */
  arm(): void;
  send(messages: readonly WireMessage[], role: MessageRole): void;
  /** Runs `action` when everything before it was sent. */
  then(action: () => Promise<void> | void): void;
  end(code: number, reason?: string): void;
  /** Strikes at once, or after further results. */
  misbehave(misbehaviour: Misbehaviour): void;
  /** Nothing goes out any more. */
  silence(): void;
}

/** Ends a session the way a provider does it: a last message, then the close. */
export function closeOutlet(outlet: Outlet, close: FakeClose): void {
  outlet.send(close.message === undefined ? [] : [close.message], 'greeting');
  outlet.end(close.code, close.reason);
}

/** What happens once `afterEvents` results were sent. `true`: nothing else is sent afterwards. */
function strike(misbehaviour: Misbehaviour, channel: FakeChannel, dialect: DialectBasics): boolean {
  switch (misbehaviour.type) {
    case 'close-on-open':
      channel.end(misbehaviour.code, misbehaviour.reason);
      return true;
    case 'close':
      channel.cut(misbehaviour.code);
      return true;
    case 'reset':
      channel.reset();
      return true;
    case 'silent-eof':
      channel.end(1000);
      return true;
    case 'mute':
    case 'stall':
      return true;
    case 'stop-reading':
      channel.stopReading();
      return false;
    case 'garbage':
      void channel.send(dialect.garbage ?? channel.frame('{"type": "cut'));
      return false;
    case 'binary':
      void channel.send(new Uint8Array([0xff, 0xfe, 0x00, 0x01, 0x80]));
      return false;
    case 'huge':
      void channel.send(
        channel.frame(JSON.stringify({ type: 'huge', data: 'x'.repeat(misbehaviour.bytes ?? 10_000_000) })),
      );
      return false;
    case 'unknown-type':
      void channel.send(
        dialect.unknownMessage ?? channel.frame('{"type":"not-yet-invented","event":"not-yet-invented"}'),
      );
      return false;
    default:
      // `slow` and `early-end` act on each message; the rest before a connection opens, or in the provider's own words.
      return false;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    realClock.setTimeout(resolve, ms);
  });
}

interface Pending {
  readonly misbehaviour: Misbehaviour;
  /** Struck when this many results were sent. */
  readonly atCount: number;
}

/** What a connection suffers before its greeting; the rest waits for results. */
const atOnce: ReadonlySet<Misbehaviour['type']> = new Set(['mute', 'close-on-open', 'stop-reading']);

function afterEvents(misbehaviour: Misbehaviour): number {
  return 'afterEvents' in misbehaviour ? (misbehaviour.afterEvents ?? 0) : 0;
}

/** `misbehaviours` strike once the greeting is out: call `arm` when it was sent. `onSent` is told of each message. */
export function createOutlet(
  channel: FakeChannel,
  dialect: DialectBasics,
  misbehaviours: readonly Misbehaviour[],
  onSent: () => void = () => {},
): Outlet {
  const queue: (() => Promise<void> | void)[] = [];
  let pending: readonly Pending[] = misbehaviours.map((misbehaviour) => ({
    misbehaviour,
    atCount: afterEvents(misbehaviour),
  }));
  let slowMs = misbehaviours.find((misbehaviour) => misbehaviour.type === 'slow')?.delayMs ?? 0;
  let endsEarly = misbehaviours.some(({ type }) => type === 'early-end');
  let resultCount = 0;
  let sentCount = 0;
  let isPumping = false;
  let isSilent = false;

  function strikeWhere(isDue: (candidate: Pending) => boolean): void {
    const due = pending.filter(isDue);
    pending = pending.filter((candidate) => !isDue(candidate));
    for (const { misbehaviour } of due) {
      if (!isSilent && strike(misbehaviour, channel, dialect)) isSilent = true;
    }
  }

  function strikeDue(): void {
    strikeWhere(({ atCount }) => atCount <= resultCount);
  }

  async function pump(): Promise<void> {
    isPumping = true;
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) await step();
    isPumping = false;
  }

  function then(action: () => Promise<void> | void): void {
    queue.push(action);
    if (!isPumping) void pump();
  }

  async function deliver(messages: readonly WireMessage[], role: MessageRole): Promise<void> {
    if (role !== 'greeting') strikeDue();
    for (const message of messages) {
      if (slowMs > 0) await delay(slowMs);
      if (isSilent) return;
      sentCount += 1;
      await channel.send(message);
      onSent();
    }
    if (role === 'greeting' || messages.length === 0) return;
    resultCount += 1;
    strikeDue();
  }

  function end(code: number, reason?: string): void {
    if (!isSilent) channel.end(code, reason);
    isSilent = true;
  }

  strikeWhere(({ misbehaviour }) => atOnce.has(misbehaviour.type));

  return {
    get sentCount() {
      return sentCount;
    },
    misbehaviours,
    arm: () => then(strikeDue),
    send(messages, role) {
      if (messages.length > 0 || role === 'final')
        then(() => (role === 'final' && endsEarly ? end(1000) : deliver(messages, role)));
    },
    then,
    end: (code, reason) => then(() => end(code, reason)),
    misbehave(misbehaviour) {
      if (misbehaviour.type === 'slow') slowMs = misbehaviour.delayMs;
      if (misbehaviour.type === 'early-end') endsEarly = true;
      pending = [...pending, { misbehaviour, atCount: resultCount + afterEvents(misbehaviour) }];
      strikeDue();
    },
    silence: () => void (isSilent = true),
  };
}
