// The shop's agent by the name a configuration looks for: what the terminal talks to.
import { openShop } from './shop.js';

export const agent = openShop();
