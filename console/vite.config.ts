import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The pages become files of the Python package. Nothing is inlined, because the content security policy forbids it.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../src/promptguard_gateway/console/static',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
});
