import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';

import { AnswerMemory } from './answer-memory.ts';
import type { Answer } from './answer-memory.ts';
import { AnswerSocket } from './answer-socket.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Pair {
  readonly client: AnswerSocket;
  readonly server: Socket;
  /** What kafkajs would have been given. */
  readonly others: Buffer[];
}

async function connect(memory = new AnswerMemory()): Promise<Pair> {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const { port } = listener.address() as AddressInfo;
  const target = { host: '127.0.0.1', port, ssl: null };
  const client = await new Promise<AnswerSocket>((resolve) => {
    const made = new AnswerSocket(target, memory, () => resolve(made));
  });
  const server = await accepted;
  const others: Buffer[] = [];
  client.socket.on('data', (bytes) => others.push(bytes as Buffer));
  client.socket.on('error', () => undefined);
  server.on('error', () => undefined);
  server.on('data', () => undefined);
  closers.push(() => {
    client.socket.destroy();
    server.destroy();
    listener.close();
  });
  return { client, server, others };
}

function frame(correlation: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 4, 0);
  head.writeInt32BE(correlation, 4);
  return Buffer.concat([head, body]);
}

/** Sends a request; its correlation id, and its answer to come. */
function ask(client: AnswerSocket, timeoutMs = 10_000): { id: number; answer: Promise<Answer> } {
  let id = 0;
  const encode = (correlation: number): Buffer => {
    id = correlation;
    return Buffer.from('request');
  };
  const answer = client.request(encode, timeoutMs);
  return { id, answer };
}

const bodyOf = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, index) => (index * 31 + size) & 255));

test('answers of all sizes, cut anywhere, among those of kafkajs', async () => {
  const { client, server, others } = await connect();
  const sizes = [0, 1, 9, 16_376, 16_377, 16_384, 40_000, 700_000];
  const asked = sizes.map(() => ask(client));
  const foreign = [frame(0, bodyOf(3)), frame(1, bodyOf(50_000)), Buffer.alloc(4)];
  const stream = Buffer.concat(
    sizes.flatMap((size, index) => [
      frame(asked[index]!.id, bodyOf(size)),
      foreign[index % foreign.length]!,
    ]),
  );
  for (let at = 0, step = 1; at < stream.length; at += step, step = (step * 7 + 3) % 9973) {
    server.write(stream.subarray(at, at + step));
    if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const [index, size] of sizes.entries()) {
    const answer = await asked[index]!.answer;
    expect(answer.length).toBe(size);
    expect(answer.bytes.subarray(0, size).equals(bodyOf(size))).toBe(true);
    expect(answer.bytes.length).toBeGreaterThanOrEqual(size + 16);
  }
  const expected = sizes.map((_, index) => foreign[index % foreign.length]!);
  await expect.poll(() => others.length).toBe(expected.length);
  expect(Buffer.concat(others).equals(Buffer.concat(expected))).toBe(true);
});

test('memory goes to the next answer once nobody holds it, and not before', async () => {
  const { client, server } = await connect();
  const next = async (size: number): Promise<Answer> => {
    const { id, answer } = ask(client);
    server.write(frame(id, bodyOf(size)));
    return answer;
  };
  const first = await next(300_000);
  first.hold();
  first.letGo();
  const second = await next(300_001);
  expect(second.bytes).not.toBe(first.bytes);
  first.letGo();
  const third = await next(290_000);
  expect(third.bytes).toBe(first.bytes);
  expect(second.bytes.subarray(0, 300_001).equals(bodyOf(300_001))).toBe(true);
  expect(() => first.letGo()).toThrow(/twice/);
});

test('an answer to nothing, or of absurd size, ends the connection', async () => {
  for (const damage of [frame(0x4000_0005, bodyOf(4)), Buffer.from('ffffffff00000000', 'hex')]) {
    const { client, server } = await connect();
    const { answer } = ask(client);
    server.write(damage);
    await expect(answer).rejects.toThrow('malformed answer');
    expect(client.socket.destroyed).toBe(true);
  }
});

test('a broker that goes away, or says nothing, fails what was asked', async () => {
  const gone = await connect();
  const unanswered = ask(gone.client);
  gone.server.destroy();
  await expect(unanswered.answer).rejects.toThrow('the connection was closed');
  await expect(ask(gone.client).answer).rejects.toThrow('the connection was closed');
  const silent = await connect();
  await expect(ask(silent.client, 20).answer).rejects.toThrow('no answer came within 20 ms');
});

test('free memory is bounded, and small answers never sit in much of it', () => {
  const memory = new AnswerMemory();
  const large = Array.from({ length: 12 }, () => memory.take(4_000_000));
  for (const each of large) each.letGo();
  const again = Array.from({ length: 12 }, () => memory.take(4_000_000));
  const reused = again.filter((each) => large.some((old) => old.bytes === each.bytes));
  expect(reused.length).toBe(8);
  for (const each of again) each.letGo();
  expect(memory.take(20_000).bytes.length).toBe(256 * 1024);
  expect(memory.take(100).bytes.length).toBeLessThan(200);
});
