import type { WebSocket } from 'ws';
import { HOLDER_ANSWER_MS } from '../limits.ts';

/** Whether the other side of a connection answers a ping within a moment. */
export function answersPing(socket: WebSocket): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (isAlive: boolean) => {
      clearTimeout(timer);
      socket.off('pong', onPong);
      socket.off('close', onClose);
      resolve(isAlive);
    };
    const onPong = () => end(true);
    const onClose = () => end(false);
    const timer = setTimeout(onClose, HOLDER_ANSWER_MS);
    socket.on('pong', onPong);
    socket.on('close', onClose);
    socket.ping();
  });
}
