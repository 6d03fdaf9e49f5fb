// Node's types name what belongs to WebAssembly (https://webassembly.github.io/spec/js-api/) and leave out its functions.
declare namespace WebAssembly {
  function compile(bytes: Uint8Array): Promise<Module>;
}
