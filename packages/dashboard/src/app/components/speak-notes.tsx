// What a way of speaking means for the person: above all, where the voice goes.
import type { Recogniser } from '../api/demo.js';

interface MicrophoneNoteProps {
  /** Who is to turn the voice into text. */
  readonly wanted: Recogniser;
  /** Who does, in this browser. */
  readonly found: Recogniser;
}

export function MicrophoneNote({ wanted, found }: MicrophoneNoteProps) {
  if (wanted === 'server') {
    return (
      <Note title="Where your voice goes">
        To this server, which hands it to the recogniser named under “Ears” below. Headphones keep the agent
        from hearing itself.
      </Note>
    );
  }
  if (found === 'server') {
    return (
      <Note title="This browser can’t recognise speech">
        Chrome, Edge and Safari can. Your voice goes to this server, whose ears know the recorded callers and
        nobody else: better type what the caller says, or play a recording.
      </Note>
    );
  }
  return (
    <Note title="Where your voice goes">
      To this server, and to your browser’s maker: the browser’s own recogniser turns it into text.{' '}
      <b>Chrome sends it to Google</b>, Edge to Microsoft, Safari to Apple. To keep your voice here, type or
      play a recording. Headphones keep the agent from hearing itself.
    </Note>
  );
}

export function TypeNote() {
  return (
    <Note title="You write, the agent speaks">
      No microphone and no permission. Each line counts as spoken the moment you send it, also into the
      agent’s word.
    </Note>
  );
}

function Note({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <p className="rounded-xl bg-sunken px-4 py-3 text-sm leading-relaxed text-muted">
      <span className="block font-semibold text-ink">{title}</span>
      {children}
    </p>
  );
}
