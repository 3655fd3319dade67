// The application under soak in a process of its own, so that its heap and its handles are nobody else's.
import { openSoakApp } from './soak-app.mjs';

const { figures, tellPort } = await openSoakApp({
  ports: [process.env.FAULTY_PORT, process.env.PROVIDERS_PORT],
});
process.on('message', () => process.send(figures()));
tellPort();
