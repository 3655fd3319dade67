// What a developer may say about AssemblyAI.
import * as z from 'zod';

const url = z.url({ protocol: /^(https?|wss?)$/ });
const parameter = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
/** What the call decides, or what the capabilities rest on. */
const ours = ['encoding', 'inactivity_timeout', 'sample_rate', 'speech_model', 'token'];
const parameterName = z.string().refine((name) => !ours.includes(name));

export const assemblyAiOptionsSchema = z.strictObject({
  /** Default: the environment's `ASSEMBLYAI_API_KEY`. */
  apiKey: z.string().optional(),
  /** A region's or a self-hosted address, without `/v3`. Default `https://streaming.assemblyai.com`. */
  baseUrl: url.default('https://streaming.assemblyai.com'),
  /** Where recordings go, without `/v2`. Default: `baseUrl` with `api.` for `streaming.`: the same region. */
  recordingsUrl: url.optional(),
  /** Default: Universal-Streaming, English or, where another language is asked for, multilingual. */
  model: z.string().min(1).optional(),
  /** BCP 47; what a request asks for wins. Default: English, or what the model hears. */
  language: z.string().min(1).optional(),
  /** Any other parameter of `/v3/ws` by AssemblyAI's name, as `format_turns`, `max_turn_silence`. */
  parameters: z.record(parameterName, parameter).default({}),
  /** Any parameter of `/v2/transcript` by AssemblyAI's name, as `redact_pii`, `speech_models`. */
  recordingParameters: z.record(z.string(), z.json()).default({}),
});

/** Options of `createAssemblyAiStt`; all may be left out where the environment has the key. */
export type AssemblyAiSttOptions = z.input<typeof assemblyAiOptionsSchema>;
export type AssemblyAiSettings = z.output<typeof assemblyAiOptionsSchema>;
