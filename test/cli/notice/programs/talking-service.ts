import { ServiceNotice } from '../../../../cli/notice/service-notice.ts';

const notice = ServiceNotice.of(process.env, process.pid);
notice.ready('one\nline');
process.stdin.on('data', () => {
  notice.stopping();
  process.exit();
});
