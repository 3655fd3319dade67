import { describeTelephonyConformance } from '@voicewire/testing';
import { describe, it } from 'vitest';
import { createBrowserCarrier } from '../src/fake.js';
import { createBrowserTelephony } from '../src/index.js';

describeTelephonyConformance({
  name: 'telephony-browser',
  test: { describe, it },
  dialect: createBrowserCarrier(),
  createAdapter: () => createBrowserTelephony(),
  skip: {
    'hears frames once and in order when they come twice or swapped':
      'one page on one TCP connection drops frames, but never swaps them',
  },
});
