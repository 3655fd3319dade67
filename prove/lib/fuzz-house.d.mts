// What tests see of fuzz-house.mjs.
import type { Agent, Voicewire, VoicewireOptions } from '@voicewire/core';
import type { TwilioFake } from '@voicewire/telephony-twilio/fake';

export interface House {
  readonly url: string;
  readonly voicewire: Voicewire;
  readonly carrier: TwilioFake;
  close(): Promise<void>;
}

export interface Witnesses {
  end(): Promise<{ readonly turns: number; readonly harmed: readonly string[] }>;
}

export declare const numbers: { readonly from: string; readonly to: string };
export declare const echo: Agent;
export declare function openHouse(options?: Partial<VoicewireOptions>): Promise<House>;
export declare function startWitnesses(house: House, count: number): Promise<Witnesses>;
