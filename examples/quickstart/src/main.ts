// A phone agent with a tool. Point your Twilio number's voice webhook at <PUBLIC_URL>/voicewire/twilio/voice and call it.
import { createServer } from 'node:http';
import { createVoicewire, defineTool, nodeListener } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { createFliteTts } from '@voicewire/tts-flite';
import { z } from 'zod';

const orderStatus = defineTool({
  name: 'order_status',
  description: 'Where an order is',
  risk: 'read',
  input: z.object({ orderNumber: z.string() }),
  run: ({ orderNumber }) => ({ orderNumber, status: 'out for delivery' }),
});
const instructions = 'You answer the telephone of a small shop. One or two short sentences at a time.';
const voicewire = createVoicewire({
  publicUrl: process.env['PUBLIC_URL'] ?? 'http://localhost:8080',
  telephony: [createTwilioTelephony()],
  stt: createDeepgramStt(),
  llm: createOpenAiLlm(),
  tts: [createElevenLabsTts(), createFliteTts()],
  agent: { name: 'shop', greeting: 'Good day. How can I help?', instructions, tools: [orderStatus] },
});
const { request, upgrade } = nodeListener(voicewire);
createServer(request)
  .on('upgrade', upgrade)
  .listen(Number(process.env['PORT'] ?? 8080));
