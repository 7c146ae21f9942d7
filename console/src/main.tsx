import '@mantine/core/styles.css';
import './styles.css';
import { MantineProvider, createTheme } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import { App } from './app';

const theme = createTheme({ defaultRadius: 6, respectReducedMotion: true, autoContrast: false });
const root = document.getElementById('root');

// The provider would write its variables and classes as inline styles, which the content security policy forbids:
// styles.css holds what differs from the defaults.
if (root) {
  createRoot(root).render(
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <App />
    </MantineProvider>,
  );
}
