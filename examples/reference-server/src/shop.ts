// The demo shop: a small data file, three tools over it, and the agent that answers its telephone.
import { readFileSync } from 'node:fs';
import { defineTool, type Agent } from '@voicewire/core';
import { z } from 'zod';

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const day = z.enum(days).describe('Day of the week');

const shopSchema = z.object({
  name: z.string(),
  hours: z.record(z.enum(days), z.string().nullable()),
  orders: z.record(z.string(), z.object({ item: z.string(), status: z.string(), expected: z.string() })),
  appointments: z.array(z.object({ day, time: z.string(), name: z.string() })),
});

const data = new URL('../data/shop.json', import.meta.url);

/** Reads the shop's data; bookings are kept in memory. */
function openShop(): Agent {
  const shop = shopSchema.parse(JSON.parse(readFileSync(data, 'utf8')));
  const appointments = [...shop.appointments];

  const orderStatus = defineTool({
    name: 'order_status',
    description: 'Looks up where an order is.',
    risk: 'read',
    input: z.object({ order_number: z.string().describe('Digits of the order number') }),
    run: ({ order_number }) => {
      const digits = order_number.replace(/\D/g, '');
      const order = Object.hasOwn(shop.orders, digits) ? shop.orders[digits] : undefined;
      return order === undefined
        ? { found: false, order_number: digits }
        : { found: true, order_number: digits, ...order };
    },
  });

  const openingHours = defineTool({
    name: 'opening_hours',
    description: 'Says when the shop is open on a day.',
    risk: 'read',
    input: z.object({ day }),
    run: ({ day: asked }) => ({ day: asked, hours: shop.hours[asked] ?? 'closed' }),
  });

  const bookAppointment = defineTool({
    name: 'book_appointment',
    description:
      "Books half an hour with a bookseller. Needs day, time (24 hours, HH:MM) and the caller's name.",
    risk: 'write',
    input: z.object({ day, time: z.string().regex(/^\d{2}:\d{2}$/), name: z.string().min(1).max(80) }),
    run: ({ day: wanted, time, name }) => {
      const [opens, closes] = (shop.hours[wanted] ?? '').split('-');
      if (opens === undefined || closes === undefined || time < opens || time >= closes) {
        return { booked: false, reason: 'closed then', hours: shop.hours[wanted] ?? 'closed' };
      }
      const taken = appointments.find((other) => other.day === wanted && other.time === time);
      if (taken !== undefined && taken.name !== name) return { booked: false, reason: 'taken' };
      if (taken === undefined) appointments.push({ day: wanted, time, name });
      return { booked: true, day: wanted, time, name };
    },
  });

  return {
    name: shop.name,
    greeting: `${shop.name}, good day. How can I help you?`,
    language: 'en-US',
    instructions: [
      `You answer the telephone of ${shop.name}, a bookshop. You can look up orders, say opening hours and book appointments.`,
      'Answer in one or two short spoken sentences, without lists or symbols. Never invent an order or a time: use the tools.',
      'If the caller wants a person, connect them if you can, else promise that a colleague calls back.',
    ].join(' '),
    tools: [orderStatus, openingHours, bookAppointment],
    transfers: transfersFrom(process.env['SHOP_PERSON_NUMBER']),
    keyterms: ['order number', 'appointment', 'opening hours'],
  };
}

function transfersFrom(to: string | undefined): Agent['transfers'] {
  return to === undefined ? undefined : { person: { to, description: 'a bookseller in the shop' } };
}

/** By the name that a configuration looks for: what the terminal talks to. */
export const agent = openShop();
