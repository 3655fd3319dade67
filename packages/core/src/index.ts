// What applications import from '@voicewire/core'.
export * from './adapter.js';
