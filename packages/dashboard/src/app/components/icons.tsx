// The page's few icons, drawn in the line weight of its type. They always stand beside words, so they say nothing themselves.
import type { ReactNode } from 'react';

interface IconProps {
  readonly className?: string;
}

function icon(shape: ReactNode) {
  return function Icon({ className = 'size-5' }: IconProps) {
    return (
      <svg
        viewBox="0 0 24 24"
        className={className}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.8}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {shape}
      </svg>
    );
  };
}

export const MicrophoneIcon = icon(
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </>,
);

export const MutedIcon = icon(
  <>
    <path d="M9 9v2a3 3 0 0 0 5 2.2M15 10V6a3 3 0 0 0-5.7-1.3" />
    <path d="M5.5 11.5A6.5 6.5 0 0 0 16 16.6M18.3 13a6 6 0 0 0 .2-1.5M12 18v3M4 4l16 16" />
  </>,
);

export const KeyboardIcon = icon(
  <>
    <rect x="3" y="6" width="18" height="12" rx="2.5" />
    <path d="M7 10h.01M11 10h.01M15 10h.01M17.5 10h.01M8 14h8" />
  </>,
);

export const RecordedIcon = icon(
  <>
    <circle cx="7" cy="12" r="4" />
    <circle cx="17" cy="12" r="4" />
    <path d="M7 16h10" />
  </>,
);

export const CallIcon = icon(
  <path d="M6.5 3.5 9 8 7 10.2a13 13 0 0 0 6.8 6.8L16 15l4.5 2.5-.6 2.4a1.5 1.5 0 0 1-1.6 1.1A16 16 0 0 1 3 5.7a1.5 1.5 0 0 1 1.1-1.6z" />,
);

export const KeypadIcon = icon(
  <path
    d="M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01"
    strokeWidth={3}
  />,
);

export const SpeakerIcon = icon(
  <path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500zM15.5 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11" />,
);

export const SendIcon = icon(<path d="M12 19V5M6 11l6-6 6 6" />);

export const PlayIcon = icon(<path d="M8 5.500v13l10.5-6.500z" />);

export const CheckIcon = icon(<path d="m5 12.5 4.5 4.500L19 7.5" />);

export const AlertIcon = icon(
  <path d="M12 8v5M12 16.500h.01M10.3 4.3 2.8 17.500a2 2 0 0 0 1.7 3h15a2 2 0 0 0 1.7-3L13.7 4.300a2 2 0 0 0-3.4 0z" />,
);

export const ChevronIcon = icon(<path d="m7 10 5 5 5-5" />);
