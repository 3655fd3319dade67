// What each misbehaviour does to an open line.
import type { FakeChannel } from './channel.js';
import type { DialectBasics } from './dialects.js';
import type { Misbehaviour } from './misbehaviour.js';

/** What happens once `afterEvents` results were sent. `true`: nothing else is sent afterwards. */
export function strike(misbehaviour: Misbehaviour, channel: FakeChannel, dialect: DialectBasics): boolean {
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
      // `slow`, `early-end` and `cut-short` act on each message; the rest before a connection opens, or in the provider's own words.
      return false;
  }
}
