// What a process says of itself when something was forgotten: rejections and exceptions that nobody handled, warnings of Node.

/** Tells each in words, from now until `stop`; without it the process would end. */
export function watchProcess(tell) {
  const onRejection = (reason) => tell(`unhandled rejection: ${describe(reason)}`);
  const onException = (error) => tell(`uncaught exception: ${describe(error)}`);
  const onWarning = (warning) => tell(`warning of the process: ${describe(warning)}`);
  const watched = { unhandledRejection: onRejection, uncaughtException: onException, warning: onWarning };
  for (const [event, listener] of Object.entries(watched)) process.on(event, listener);
  return {
    stop() {
      for (const [event, listener] of Object.entries(watched)) process.off(event, listener);
    },
  };
}

export function describe(error) {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
