// Prints rows of a Parquet file as JSON, read by a row range: node read.mjs parquet-wasm|hyparquet FILE FIRST COUNT
import { readFileSync } from 'node:fs'
import { tableFromIPC } from 'apache-arrow'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { readParquet } from 'parquet-wasm/node'

const [reader, path, first, count] = process.argv.slice(2)
const offset = Number(first)
const limit = Number(count)
const bytes = new Uint8Array(readFileSync(path))

const readers = {
  'parquet-wasm': () => tableFromIPC(readParquet(bytes, { offset, limit }).intoIPCStream()).toArray().map((row) => row.toJSON()),
  hyparquet: () => parquetReadObjects({ file: bytes.buffer, compressors, rowStart: offset, rowEnd: offset + limit }),
}

const rows = await readers[reader]()
const plain = rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, values]) => [name, Array.from(values)])))
console.log(JSON.stringify(plain))
