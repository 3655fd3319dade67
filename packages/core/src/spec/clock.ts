// Time as a dependency: everything in core and the kit that waits or measures takes a Clock.

/** An opaque timer; give it back to the clock that made it. */
export interface TimerHandle {
  readonly timer: unknown;
}

/** Monotonic time and timers. The default is the system's; tests inject a virtual one. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes backwards, unrelated to the time of day. */
  now(): number;
  /** Runs `callback` once after `delayMs`. */
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  /** Forgets a timer; unknown or fired timers are ignored. */
  clearTimeout(handle: TimerHandle | undefined): void;
}
