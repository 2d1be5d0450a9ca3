// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* What the programs share, defined once. */
#define SENSOR_DEFINES
#include "sensor.bpf.h"

const volatile __u32 ring_for_all_bytes = 7 * 1024 * 1024;
const volatile bool wakes_for_all = true;
const volatile __u32 own_pid_namespace = 0;

__u64 lost = 0;
__u64 lost_members = 0;
__u64 containers_tracked = 0;
__u32 host_mounts = 0;

/* Types that no map and no signature holds, for the layout test. */
const struct sensor_ready *unused_ready __attribute__((unused));
const struct sensor_fork *unused_fork __attribute__((unused));
const struct sensor_exit *unused_exit __attribute__((unused));
const struct sensor_socket *unused_socket __attribute__((unused));
const struct sensor_unix_socket *unused_unix_socket __attribute__((unused));
const struct sensor_trace *unused_trace __attribute__((unused));
const struct sensor_member_told *unused_member_told __attribute__((unused));
const struct sensor_loss *unused_loss __attribute__((unused));
const struct sensor_pong *unused_pong __attribute__((unused));
const struct sensor_ping *unused_ping __attribute__((unused));
const struct sensor_file_actor *unused_file_actor __attribute__((unused));
const struct sensor_file_write *unused_file_write __attribute__((unused));
const struct sensor_file_loss *unused_file_loss __attribute__((unused));
const struct sensor_unmarked *unused_unmarked __attribute__((unused));
const struct sensor_policy *unused_policy __attribute__((unused));
const struct sensor_shell *unused_shell __attribute__((unused));
const struct sensor_credentials *unused_credentials __attribute__((unused));
const struct sensor_file_change *unused_file_change __attribute__((unused));
const struct sensor_release *unused_release __attribute__((unused));
const struct sensor_refused *unused_refused __attribute__((unused));
const struct sensor_options *unused_options __attribute__((unused));
const struct sensor_end *unused_end __attribute__((unused));
const struct sensor_not_ended *unused_not_ended __attribute__((unused));
const struct sensor_failed *unused_failed __attribute__((unused));
const struct sensor_tampered *unused_tampered __attribute__((unused));
const struct sensor_container *unused_container __attribute__((unused));
const enum sensor_type *unused_type __attribute__((unused));
const enum sensor_exec_flag *unused_exec_flag __attribute__((unused));
const enum sensor_socket_kind *unused_socket_kind __attribute__((unused));
const enum sensor_role *unused_role __attribute__((unused));
const enum sensor_member_flag *unused_member_flag __attribute__((unused));
const enum sensor_mode *unused_mode __attribute__((unused));
const enum sensor_kill *unused_kill __attribute__((unused));
const enum sensor_stream *unused_stream __attribute__((unused));
const enum sensor_part *unused_part __attribute__((unused));
const enum sensor_feature *unused_feature __attribute__((unused));

char LICENSE[] SEC("license") = "Dual BSD/GPL";
