// A call on media that has shown its token: run to its end, remembered for its return.
import type { Call, CallMedia } from '../call/call.js';
import { runCall } from '../call/run-call.js';
import { isVoiceError } from '../errors/voice-error.js';
import { wallTime, type CallRecord } from './call-store.js';
import { chainsOf, publicPath, warn, type ExpectedCall, type Mount } from './mount.js';
import { renderPhrases } from './render-phrases.js';

/** Resolves when the call is over and its record says so. */
export async function runBound(mount: Mount, expected: ExpectedCall, media: CallMedia): Promise<void> {
  const { callId } = expected.record;
  // Whoever else was given a token for this call comes too late.
  mount.tokens.revoke(({ record }) => record.callId === callId);
  await loseEarlier(mount, callId);
  const record = mount.store.get(callId) ?? expected.record;
  if (mount.isClosing || record.standing === 'over') {
    media.connection.close();
    return;
  }
  const call = start(mount, expected, record, media);
  if (call === undefined) {
    mount.store.put({ ...record, standing: 'over', endedAt: wallTime() });
    media.connection.close();
    return;
  }
  const live: CallRecord = { ...record, standing: 'live' };
  mount.store.put(live);
  const over = settle(mount, expected, call, live);
  mount.live.set(callId, { call, connection: media.connection, over });
  mount.calls.set(callId, call);
  mount.emitter.emit('call', call, live);
  await over;
}

/** The carrier brought the call back before we noticed that its media was lost: the old socket is let go, not the call. */
async function loseEarlier({ live }: Mount, callId: string): Promise<void> {
  for (let earlier = live.get(callId); earlier !== undefined; earlier = live.get(callId)) {
    earlier.connection.disconnected(1006);
    await earlier.over;
  }
}

function start(
  mount: Mount,
  { adapter, agent, stt }: ExpectedCall,
  record: CallRecord,
  media: CallMedia,
): Call | undefined {
  try {
    const chains = chainsOf(mount, record, agent);
    if (agent !== undefined && chains.tts !== undefined) {
      // An agent chosen per call, a voice or a format of its own: what is always said is made while there still is a voice.
      void renderPhrases(mount, agent, chains, media.start.outbound, new AbortController().signal);
    }
    const call = runCall({
      callId: record.callId,
      mode: agent === undefined ? 'assist' : 'agent',
      media,
      providers: { stt: stt ?? chains.stt, llm: chains.llm, tts: chains.tts },
      agent,
      turn: mount.options.turn,
      context: record.context,
      approve: mount.options.approve,
      control: adapter.control,
      returnUrl: adapter.webhook === undefined ? undefined : publicPath(mount, adapter.provider, 'resume'),
      health: mount.health,
      ladder: chains.ladder,
      phrases: mount.phrases,
      prices: mount.options.prices,
      moneyLimit: chains.moneyLimit,
      carrierSpeaks: adapter.webhook !== undefined,
      resume: record.events.length > 0 ? record.events : undefined,
      clock: mount.clock,
    });
    const { cost: before = 0 } = record;
    // What it cost before its media was lost has been entered.
    const enter = mount.spending.follow(chains.tenant, () => Math.max(0, (call.cost() ?? 0) - before));
    void call.done.then(enter);
    return call;
  } catch (error) {
    if (isVoiceError(error)) warn(mount, error.code, error.message);
    else warn(mount, 'call.unexpected', 'A call could not be started.');
    return undefined;
  }
}

async function settle(
  mount: Mount,
  { adapter }: ExpectedCall,
  call: Call,
  record: CallRecord,
): Promise<void> {
  const { store, live, calls, emitter } = mount;
  const { callId } = record;
  const { reason, log, unsaid, cost } = await call.done;
  live.delete(callId);
  calls.delete(callId);
  // Only a carrier asks what comes next; and it may have told us already that nothing does.
  const known = store.get(callId);
  // A transfer may have given the call back before our part of it was closed.
  const isExpected = reason === 'media-lost' || unsaid !== undefined || known?.standing === 'interrupted';
  const comesBack = isExpected && adapter.webhook !== undefined && known?.standing !== 'over';
  const left: CallRecord = {
    ...record,
    events: log,
    lastWords: unsaid,
    cost,
    ...(comesBack
      ? { standing: 'interrupted' }
      : { standing: 'over', endedAt: known?.endedAt ?? wallTime() }),
  };
  store.put(left);
  emitter.emit('call-over', left);
}
