/**
 * Typed arrays with more room. What is new is 0, and its pages are the system's until they are written.
 *
 * A small array is copied. A large one stands in a buffer that reserves addresses for what may come and takes
 * memory into use as it grows, so that growth costs the same at any size: no copy, nothing zeroed, and the
 * garbage collector is not told of it. Where the system grants no such range of addresses, it is copied as small
 * ones are. The buffers are shared ones only because those can grow in place without slowing their readers.
 */

/** Arrays up to this many bytes are copied: they must be cheap to make, and go as soon as nobody uses them. */
const copiedBytesMax = 1 << 19;
/** Addresses reserved by one large array; no column of a table is larger. */
const reservedBytes = 2 ** 31;

/** What the type declarations of our ECMAScript version do not know yet. */
interface GrowableBuffer extends SharedArrayBuffer {
  readonly maxByteLength: number;
  grow(bytes: number): void;
}

const GrowableBuffer = SharedArrayBuffer as unknown as new (
  bytes: number,
  options: { readonly maxByteLength: number },
) => GrowableBuffer;

/**
 * A buffer of at least `bytes` bytes that begins with the content of `buffer`: that one itself, grown, or a new one
 * to copy into. Null: it has to be an ordinary one.
 */
function grownBuffer(buffer: ArrayBufferLike, bytes: number): ArrayBufferLike | null {
  if (bytes <= copiedBytesMax) return null;
  try {
    if (buffer instanceof SharedArrayBuffer && bytes <= (buffer as GrowableBuffer).maxByteLength) {
      if (bytes > buffer.byteLength) (buffer as GrowableBuffer).grow(bytes);
      return buffer;
    }
    return new GrowableBuffer(bytes, { maxByteLength: Math.max(reservedBytes, bytes * 2) });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * `values`, or an array with the same values and room for `capacity` of them. It is made with its length: views
 * that follow the length of their buffer are slower to read.
 */
export function grownFloat64(values: Float64Array, capacity: number): Float64Array {
  if (values.length >= capacity) return values;
  const buffer = grownBuffer(values.buffer, capacity * 8);
  if (buffer === values.buffer) return new Float64Array(buffer, 0, capacity);
  const larger =
    buffer === null ? new Float64Array(capacity) : new Float64Array(buffer, 0, capacity);
  larger.set(values);
  return larger;
}

export function grownInt32(values: Int32Array, capacity: number): Int32Array {
  if (values.length >= capacity) return values;
  const buffer = grownBuffer(values.buffer, capacity * 4);
  if (buffer === values.buffer) return new Int32Array(buffer, 0, capacity);
  const larger = buffer === null ? new Int32Array(capacity) : new Int32Array(buffer, 0, capacity);
  larger.set(values);
  return larger;
}

export function grownUint8(values: Uint8Array, capacity: number): Uint8Array {
  if (values.length >= capacity) return values;
  const buffer = grownBuffer(values.buffer, capacity);
  if (buffer === values.buffer) return new Uint8Array(buffer, 0, capacity);
  const larger = buffer === null ? new Uint8Array(capacity) : new Uint8Array(buffer, 0, capacity);
  larger.set(values);
  return larger;
}
