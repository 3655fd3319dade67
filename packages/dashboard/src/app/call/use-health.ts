// The health of providers, asked for every few seconds while somebody looks.
import { useEffect, useState } from 'react';
import { loadHealth, type ProviderHealth } from '../api/health.js';

const everyMs = 4_000;

export function useHealth(): readonly ProviderHealth[] {
  const [health, setHealth] = useState<readonly ProviderHealth[]>([]);
  useEffect(() => {
    let isGone = false;
    const ask = (): void => {
      if (document.hidden) return;
      void loadHealth().then((found) => {
        if (!isGone) setHealth(found);
      });
    };
    ask();
    const timer = setInterval(ask, everyMs);
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, []);
  return health;
}
