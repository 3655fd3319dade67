import { describe, expect, it } from 'vitest';
import { idleCall, reduceCall, type CallAction, type CallState } from './call-state.js';

const after = (...actions: readonly CallAction[]): CallState => actions.reduce(reduceCall, idleCall);
const news = (reason: string): CallAction => ({ type: 'news', news: { type: 'ended', reason, atMs: 1 } });

describe('call', () => {
  it('lasts from the moment it is live', () => {
    const call = after(
      { type: 'dialled' },
      { type: 'live', now: 1_000 },
      { type: 'ended', now: 4_000, reason: 'x' },
    );
    expect(call).toMatchObject({ status: 'ended', durationMs: 3_000 });
  });

  it('that never came about leaves the line free, with the reason', () => {
    const call = after({ type: 'dialled' }, { type: 'ended', now: 5 }, { type: 'problem', message: 'No.' });
    expect(call).toMatchObject({ status: 'idle', problems: ['No.'] });
  });

  it('ends for the reason the server gives, whichever is told first', () => {
    const live: readonly CallAction[] = [{ type: 'dialled' }, { type: 'live', now: 0 }];
    const end: CallAction = { type: 'ended', now: 1, reason: 'by phone' };
    expect(after(...live, news('by server'), end).conversation.endReason).toBe('by server');
    expect(after(...live, end, news('by server')).conversation.endReason).toBe('by server');
    expect(after(...live, end).conversation.endReason).toBe('by phone');
  });

  it('tells the same problem once, and forgets it with the next call', () => {
    const problem: CallAction = { type: 'problem', message: 'Oh.' };
    expect(after(problem, problem).problems).toEqual(['Oh.']);
    expect(after(problem, { type: 'dialled' }).problems).toEqual([]);
  });
});
