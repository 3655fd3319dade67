// What calls must not leave behind, for the command and for the part of it that is in `npm test`.

/** `baseline`: figures after the first calls, when everything is there that lasts. `sessions`: left at the providers. */
export function checkLeftovers(baseline, { resources, listeners, live, inFlight, strays }, sessions) {
  const grown = Object.entries(resources).filter(([kind, count]) => count > (baseline.resources[kind] ?? 0));
  const warnings = strays.filter((what) => what.startsWith('warning'));
  const uncaught = strays.filter((what) => !what.startsWith('warning'));
  return [
    ['handles and timers back at the baseline', grown.length === 0, JSON.stringify(resources)],
    ['listeners back at the baseline', listeners <= baseline.listeners, `${listeners}`],
    ['sessions left at providers', sessions === 0, `${sessions}`],
    ['calls left', live === 0, `${live}`],
    ['places not given back', inFlight === 0, `${inFlight}`],
    ['warnings of Node', warnings.length === 0, warnings.join(', ') || 'none'],
    ['unhandled rejections and exceptions', uncaught.length === 0, uncaught.join(', ') || 'none'],
  ].map(([name, isMet, found]) => ({ name, isMet, found }));
}
