// A man in the middle on loopback: between any client and server, and as treacherous as it is told to be.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { type Clock, ConfigError } from '@voicewire/core/adapter';
import { createWaiting, type UntilOptions, type Waiting } from '../fakes/waiting.js';
import { realClock } from '../real-clock.js';
import { type ChaosFault, type ChaosRule, parseChaosRule } from './chaos-fault.js';
import { type ChaosConnection, type ChaosWordReader, createConnectionRecord } from './connection-record.js';
import { openHttpLine, responseEnd } from './http-line.js';
import { createLine, type Line, type LineEnd } from './line.js';
import { createProxyTimers, type ProxyTimers } from './proxy-timers.js';
import { type ChaosRuleHandle, createRuleBook, type RuleBook } from './rule-book.js';
import { seededRandom } from './seeded-random.js';
import { openTcpLine, openWebSocketLine, socketEnd } from './socket-line.js';

export interface ChaosProxyOptions {
  /**
   * The server: `http://` or `ws://` for WebSockets, HTTP and their faults, or `tcp://host:port` for bytes of any protocol,
   * TLS included. A path is kept in the proxy's URLs.
   */
  readonly target: string;
  /** What chance is drawn from: which messages of which connection are struck does not depend on timing. Default 1. */
  readonly seed?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Makes a reader for each connection; without one there are no words to strike at. */
  readonly createWordReader?: ((connection: ChaosConnection) => ChaosWordReader) | undefined;
  /** Whether everything that passes is kept in `entries`. Off for long runs: counts and words stay. Default true. */
  readonly record?: boolean | undefined;
}

/** What passed. Plain data. */
export interface ChaosRecord {
  /** The same seed, rules and traffic give the same faults. */
  readonly seed: number;
  /** All there ever were, in order. */
  readonly connections: readonly ChaosConnection[];
}

/** A running proxy. Close it when the test ends. */
export interface ChaosProxy {
  /** What takes the place of the server's base URL, as `http://` (or `tcp://`), and the same as `ws://`. */
  readonly url: string;
  readonly wsUrl: string;
  readonly record: ChaosRecord;
  /** Open TCP connections of clients, in whatever state: HTTP keeps them between requests. */
  readonly openSockets: number;
  /** Adds a rule. Throws a `ConfigError` for one that makes no sense. */
  set(fault: ChaosFault, options?: Omit<ChaosRule, 'fault'>): ChaosRuleHandle;
  /** Puts these rules in the place of all others. Throws as `set`, and then changes nothing. */
  plan(rules: readonly ChaosRule[]): readonly ChaosRuleHandle[];
  /** Ends all rules: everything passes again. What was lost, cut or reset stays so. */
  heal(): void;
  /** Resolves when `condition` holds; asked again whenever something passed, struck or ended. Rejects after `timeoutMs`. */
  until(condition: () => boolean, options?: UntilOptions): Promise<void>;
  /** Resets what is open and stops listening. */
  close(): Promise<void>;
}

interface Proxy {
  readonly target: URL;
  readonly options: ChaosProxyOptions;
  readonly seed: number;
  readonly timers: ProxyTimers;
  readonly rules: RuleBook;
  readonly waiting: Waiting;
  readonly connections: ChaosConnection[];
  readonly lines: Set<Line>;
}

/** Starts a proxy on 127.0.0.1 and a free port. Without rules it changes nothing of what passes. */
export async function startChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const target = readTarget(options.target);
  const timers = createProxyTimers(options.clock ?? realClock);
  const proxy: Proxy = {
    target,
    options,
    seed: options.seed ?? 1,
    timers,
    rules: createRuleBook(timers),
    waiting: createWaiting(),
    connections: [],
    lines: new Set(),
  };
  const sockets = new Set<Socket>();
  const server = target.protocol === 'tcp:' ? listenForTcp(proxy) : listenForHttp(proxy);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    proxy.waiting.notify();
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      proxy.waiting.notify();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return toChaosProxy(proxy, server, sockets);
}

function toChaosProxy(proxy: Proxy, server: Server, sockets: ReadonlySet<Socket>): ChaosProxy {
  const { target, rules, waiting } = proxy;
  const { port } = server.address() as AddressInfo;
  const base = `127.0.0.1:${port}${target.pathname.replace(/\/$/, '')}`;
  const isTcp = target.protocol === 'tcp:';
  function plan(planned: readonly ChaosRule[]): readonly ChaosRuleHandle[] {
    const parsed = planned.map((rule) => parseChaosRule(rule));
    rules.stopAll();
    return parsed.map((rule) => rules.add(rule));
  }
  return {
    url: `${isTcp ? 'tcp' : 'http'}://${base}`,
    wsUrl: `${isTcp ? 'tcp' : 'ws'}://${base}`,
    record: { seed: proxy.seed, connections: proxy.connections },
    get openSockets() {
      return sockets.size;
    },
    set: (fault, ruleOptions) => rules.add(parseChaosRule({ ...ruleOptions, fault })),
    plan,
    heal: () => rules.stopAll(),
    until: waiting.until,
    close: () =>
      new Promise((resolve) => {
        rules.stopAll();
        server.close(() => resolve());
        for (const line of proxy.lines) line.reset();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listenForTcp(proxy: Proxy): Server {
  return createTcpServer({ allowHalfOpen: true }, (client) => {
    openTcpLine(openLine(proxy, { transport: 'tcp', path: '' }, socketEnd(client)), client, proxy.target);
  });
}

function listenForHttp(proxy: Proxy): Server {
  const { target } = proxy;
  const server = createHttpServer();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const line = openLine(proxy, { transport: 'http', path: pathOf(request) }, responseEnd(response));
    openHttpLine(line, request, response, target);
  });
  server.on('upgrade', (request: IncomingMessage, _, head: Buffer) => {
    const client = request.socket;
    const line = openLine(proxy, { transport: 'websocket', path: pathOf(request) }, socketEnd(client));
    openWebSocketLine(line, request, client, { head, target });
  });
  return server;
}

function openLine(proxy: Proxy, kind: Pick<ChaosConnection, 'transport' | 'path'>, client: LineEnd): Line {
  const { connections, lines, timers, rules, waiting, options, seed } = proxy;
  const id = connections.length + 1;
  const record = createConnectionRecord({
    ...kind,
    id,
    createWordReader: options.createWordReader,
    keepsEntries: options.record ?? true,
    now: timers.now,
  });
  const line = createLine({
    timers,
    record,
    random: (purpose) => seededRandom(seed, id, purpose),
    onChange(changed) {
      rules.changed(changed);
      if (changed.isOver) lines.delete(changed);
      waiting.notify();
    },
  });
  connections.push(record.connection);
  lines.add(line);
  line.setEnd('client', client);
  rules.opened(line);
  waiting.notify();
  return line;
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '');
}

function readTarget(text: string): URL {
  const target = URL.canParse(text) ? new URL(text) : undefined;
  const isKnown = target !== undefined && ['http:', 'ws:', 'tcp:'].includes(target.protocol);
  if (!isKnown || (target.protocol === 'tcp:' && target.port === '')) {
    throw new ConfigError({
      code: 'config.invalid_option',
      path: 'target',
      message: 'chaos: the server to stand before can not be told from this',
      allowed: 'http://host:port, ws://host:port or, for anything else, tcp://host:port',
    });
  }
  // What Node's client of HTTP takes; the upgrade is asked for in it.
  return new URL(text.replace(/^ws:/, 'http:'));
}
