/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Credentials of a member that are not as they were told last. */
#ifndef SEALWATCH_CREDENTIALS_BPF_H
#define SEALWATCH_CREDENTIALS_BPF_H

#include "sensor.bpf.h"

static __always_inline void tell_credentials(struct task_struct *task, struct member_state *state)
{
	struct sensor_credentials *record;
	const struct cred *cred;
	__u64 capabilities;
	__u32 uid;

	if (!state)
		return;
	cred = BPF_CORE_READ(task, cred);
	uid = BPF_CORE_READ(cred, euid.val);
	capabilities = capabilities_of(cred);
	if (!state->told || (state->uid == uid && state->capabilities == capabilities))
		goto keep;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_lost(true);
		return;
	}
	fill_header(&record->header, SENSOR_CREDENTIALS, sizeof(*record));
	record->time_ns = bpf_ktime_get_boot_ns();
	record->start_ns = leader_start(task);
	record->capabilities = capabilities;
	record->capabilities_before = state->capabilities;
	record->pid = tgid_of(task);
	record->uid = uid;
	record->uid_before = state->uid;
	record->flags = BPF_CORE_READ(cred, user_ns, level) > 0 ? SENSOR_USER_NAMESPACE : 0;
	bpf_ringbuf_submit(record, 0);
keep:
	state->uid = uid;
	state->capabilities = capabilities;
	state->told = 1;
}

#endif
