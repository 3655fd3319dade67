// What applications import from '@voicewire/api'.
export { createApi, type Api, type ApiOptions } from './create-api.js';
