// Where a call stands, as a reduction of what the phone, the server and the person did.
import type { CallNews } from '../api/call-events.js';
import { emptyConversation, reduceConversation, type Conversation } from './conversation.js';

export interface CallState {
  readonly status: 'idle' | 'connecting' | 'live' | 'ended';
  /** Of the page's clock, ms; when the server took the call. */
  readonly liveSince: number;
  readonly durationMs: number;
  /** The browser holds sound back until the page is touched. */
  readonly isBlocked: boolean;
  readonly isMuted: boolean;
  /** What went wrong, in sentences, newest last. */
  readonly problems: readonly string[];
  readonly conversation: Conversation;
}

export type CallAction =
  | { readonly type: 'dialled' }
  | { readonly type: 'live'; readonly now: number }
  | { readonly type: 'blocked'; readonly isBlocked: boolean }
  | { readonly type: 'muted'; readonly isMuted: boolean }
  | { readonly type: 'problem'; readonly message: string }
  | { readonly type: 'ended'; readonly now: number; readonly reason?: string | undefined }
  | { readonly type: 'news'; readonly news: CallNews };

export const idleCall: CallState = {
  status: 'idle',
  liveSince: 0,
  durationMs: 0,
  isBlocked: false,
  isMuted: false,
  problems: [],
  conversation: emptyConversation,
};

export function reduceCall(state: CallState, action: CallAction): CallState {
  switch (action.type) {
    case 'dialled':
      return { ...idleCall, status: 'connecting' };
    case 'live':
      return { ...state, status: 'live', liveSince: action.now };
    case 'blocked':
    case 'muted': {
      const { type: _, ...change } = action;
      return { ...state, ...change };
    }
    case 'problem':
      return state.problems.includes(action.message)
        ? state
        : { ...state, problems: [...state.problems, action.message] };
    case 'ended':
      return endCall(state, action);
    case 'news':
      return { ...state, conversation: reduceConversation(state.conversation, action.news) };
  }
}

/** What the server says about the end is better than what the phone knows, whichever comes first. */
function endCall(state: CallState, { now, reason }: Extract<CallAction, { type: 'ended' }>): CallState {
  const { conversation, status } = state;
  return {
    ...state,
    status: status === 'connecting' ? 'idle' : 'ended',
    durationMs: status === 'live' ? now - state.liveSince : 0,
    isBlocked: false,
    conversation: { ...conversation, endReason: conversation.endReason ?? reason },
  };
}
