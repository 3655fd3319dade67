// The timers of the virtual clock: a binary heap ordered by due time, then by what their maker says.

/** One pending timer; `callback` is undefined once it was cleared or fired. */
export interface HeapTimer {
  readonly dueMs: number;
  readonly createdMs: number;
  /** Among those due together, the lowest fires first. */
  readonly order: number;
  /** Counts as they are made. */
  readonly sequence: number;
  callback: (() => void) | undefined;
}

export interface TimerHeap {
  /** Timers that were neither fired nor cleared. */
  readonly size: number;
  push(timer: HeapTimer): void;
  /** The next timer to fire, left in place. */
  peek(): HeapTimer | undefined;
  /** Takes the next timer out and gives its callback. */
  pop(): (() => void) | undefined;
  clear(timer: HeapTimer): void;
  /** The live timers created first. */
  oldest(count: number): readonly HeapTimer[];
}

/** Cleared timers stay in the heap until they surface, or until they are most of it: clearing is then cheap and memory bounded. */
const sweepAbove = 1024;

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

function siftUp(heap: HeapTimer[], timer: HeapTimer): void {
  let index = heap.length;
  heap.push(timer);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || !isBefore(timer, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = timer;
}

function siftDown(heap: HeapTimer[], timer: HeapTimer): void {
  let index = 0;
  for (;;) {
    let childIndex = index * 2 + 1;
    let child = heap[childIndex];
    const right = heap[childIndex + 1];
    if (child === undefined) break;
    if (right !== undefined && isBefore(right, child)) {
      childIndex += 1;
      child = right;
    }
    if (isBefore(timer, child)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = timer;
}

function takeTop(heap: HeapTimer[]): void {
  const last = heap.pop();
  if (last !== undefined && heap.length > 0) siftDown(heap, last);
}

export function createTimerHeap(): TimerHeap {
  let heap: HeapTimer[] = [];
  let live = 0;

  function peek(): HeapTimer | undefined {
    while (heap[0] !== undefined && heap[0].callback === undefined) takeTop(heap);
    return heap[0];
  }

  function sweep(): void {
    // A sorted array is a valid heap.
    heap = heap.filter((timer) => timer.callback !== undefined).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  return {
    get size() {
      return live;
    },
    push(timer) {
      siftUp(heap, timer);
      live += 1;
    },
    peek,
    pop() {
      const timer = peek();
      if (timer === undefined) return undefined;
      const { callback } = timer;
      timer.callback = undefined;
      takeTop(heap);
      live -= 1;
      return callback;
    },
    clear(timer) {
      if (timer.callback === undefined) return;
      timer.callback = undefined;
      live -= 1;
      if (heap.length > sweepAbove && live < heap.length / 2) sweep();
    },
    oldest(count) {
      const timers = heap.filter((timer) => timer.callback !== undefined);
      return timers.sort((a, b) => a.sequence - b.sequence).slice(0, count);
    },
  };
}
