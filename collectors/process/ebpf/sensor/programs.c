// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs.h"

/* The last eighth of the ring is for members. */
/* PROC_PID_INIT_INO of include/linux/proc_ns.h. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU
#define SHARE_FOR_ALL(bytes) ((bytes) / 8 * 7)

static bool fail(struct programs_fault *fault, const char *what, int error)
{
	*fault = (struct programs_fault){ .what = what, .error = error };
	return false;
}

static bool fail_unsupported(struct programs_fault *fault, const char *what, int error)
{
	*fault = (struct programs_fault){ .what = what, .error = error, .unsupported = true };
	return false;
}

static int arguments_of(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *type;
	int id = btf__find_by_name_kind(btf, tracepoint, BTF_KIND_TYPEDEF);

	if (id < 0)
		return id;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	return btf_vlen(btf__type_by_id(btf, type->type)) - 1;
}

static bool has_tracepoint(const struct btf *btf, const char *name)
{
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) >= 0;
}

/* The number of an enumerator of the running kernel, which may be newer than our headers; negative for none. */
static int enumerator(const struct btf *btf, const char *type, const char *name)
{
	const struct btf_type *found;
	const struct btf_enum *values;
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_ENUM), i;

	if (id < 0)
		return id;
	found = btf__type_by_id(btf, id);
	values = btf_enum(found);
	for (i = 0; i < btf_vlen(found); i++)
		if (!strcmp(btf__name_by_offset(btf, values[i].name_off), name))
			return values[i].val;
	return -ENOENT;
}

/* What a program adds that the sensor can do without; 0 for what it needs. */
static __u32 feature_of(const struct sensor_bpf *skel, const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	if (program == skel->progs.note_connect_unix)
		return SENSOR_HAS_UNIX_SOCKETS;
	if (type == BPF_PROG_TYPE_LSM)
		return SENSOR_HAS_FILE_OPENS;
	if (type == BPF_PROG_TYPE_CGROUP_SOCK_ADDR || type == BPF_PROG_TYPE_CGROUP_SOCK)
		return SENSOR_HAS_DATAGRAMS;
	if (program == skel->progs.note_ctime_ns_xchg || program == skel->progs.note_ctime_xchg_skip ||
	    program == skel->progs.note_inode_set_ctime_to_ts ||
	    program == skel->progs.note_writeback_dirty_folio ||
	    program == skel->progs.note_writeback_mark_inode_dirty)
		return SENSOR_HAS_FILE_CHANGES;
	return 0;
}

/* Whether a kernel may load a program and yet refuse to attach it. */
static bool attaches_apart(const struct sensor_bpf *skel, const struct bpf_program *program)
{
	return feature_of(skel, program) &
	       (SENSOR_HAS_DATAGRAMS | SENSOR_HAS_UNIX_SOCKETS | SENSOR_HAS_FILE_OPENS);
}

/* Of the two ways to see changes of files the one that this kernel has and that sees more. */
static bool is_wanted_change(const struct sensor_bpf *skel, const struct bpf_program *program,
			     const struct btf *btf)
{
	bool has_times = has_tracepoint(btf, "ctime_ns_xchg");

	if (program == skel->progs.note_writeback_dirty_folio)
		return has_tracepoint(btf, "writeback_dirty_folio");
	return (program == skel->progs.note_writeback_mark_inode_dirty) != has_times;
}

static void choose(struct sensor_bpf *skel, const struct btf *btf, __u32 features)
{
	int unix_connect = enumerator(btf, "bpf_attach_type", "BPF_CGROUP_UNIX_CONNECT");
	struct bpf_program *program;
	__u32 feature;
	bool wanted;

	bpf_object__for_each_program(program, skel->obj) {
		feature = feature_of(skel, program);
		wanted = !feature || (feature & features);
		if (feature == SENSOR_HAS_FILE_CHANGES)
			wanted = wanted && is_wanted_change(skel, program, btf);
		if (feature == SENSOR_HAS_UNIX_SOCKETS) {
			wanted = wanted && unix_connect >= 0;
			bpf_program__set_expected_attach_type(program, unix_connect);
		}
		bpf_program__set_autoload(program, wanted);
	}
}

/* Takes up the marks that an earlier sensor left; those of another layout cannot be read. */
static void reuse_members(struct sensor_bpf *skel, const char *pin)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/members", pin);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	if (bpf_map__reuse_fd(skel->maps.members, fd))
		unlink(path);
	close(fd);
}

static struct sensor_bpf *open_programs(const struct program_options *options, const struct btf *btf,
					__u32 features)
{
	struct sensor_bpf *skel = sensor_bpf__open();
	struct stat space;

	if (!skel)
		return NULL;
	skel->rodata->exit_tells_group_dead = arguments_of(btf, "btf_trace_sched_process_exit") >= 2;
	skel->rodata->max_argv_bytes = options->max_argv_bytes;
	skel->rodata->wakes_for_all = options->wakes_for_all;
	skel->rodata->ring_for_all_bytes = SHARE_FOR_ALL(options->ring_bytes);
	/* A service has mounts of its own. */
	if (!options->is_service && !stat("/proc/self/ns/mnt", &space))
		skel->bss->host_mounts = space.st_ino;
	if (!stat("/proc/self/ns/pid", &space) && space.st_ino != FIRST_PID_NAMESPACE)
		skel->rodata->own_pid_namespace = space.st_ino;
	bpf_map__set_max_entries(skel->maps.ring, options->ring_bytes);
	if (options->pin)
		reuse_members(skel, options->pin);
	choose(skel, btf, features);
	return skel;
}

/* What needs more than CAP_BPF and CAP_PERFMON, or a newer kernel, is given up rather than all of it. */
static int load_most(struct programs *programs, const struct program_options *options, const struct btf *btf)
{
	static const __u32 choices[] = {
		SENSOR_HAS_DATAGRAMS | SENSOR_HAS_UNIX_SOCKETS | SENSOR_HAS_FILE_CHANGES | SENSOR_HAS_FILE_OPENS,
		SENSOR_HAS_DATAGRAMS | SENSOR_HAS_UNIX_SOCKETS | SENSOR_HAS_FILE_CHANGES,
		SENSOR_HAS_DATAGRAMS | SENSOR_HAS_FILE_CHANGES,
		SENSOR_HAS_FILE_CHANGES,
		0,
	};
	int err = -EPERM;
	size_t i;

	/* A kernel that refuses all of a kind is not asked for the whole of it. */
	for (i = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_LSM, NULL) == 1 ? 0 : 1;
	     i < sizeof(choices) / sizeof(*choices) && err; i++) {
		programs->skel = open_programs(options, btf, choices[i]);
		if (!programs->skel)
			return -errno;
		err = sensor_bpf__load(programs->skel);
		if (err)
			programs_free(programs);
		else
			programs->features |= choices[i];
	}
	return err;
}

bool programs_load(struct programs *programs, const struct program_options *options,
		   struct programs_fault *fault)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err;

	if (!btf)
		return fail_unsupported(fault, "the kernel offers no BTF", -errno);
	err = has_tracepoint(btf, "sched_process_exit") ? load_most(programs, options, btf) : -ENOENT;
	btf__free(btf);
	if (err == -ESRCH || err == -ENOENT)
		return fail_unsupported(fault, "the kernel lacks a tracepoint or type", err);
	if (err)
		return fail(fault, "cannot load the programs", err);
	return true;
}

/* The root of the unified hierarchy, wherever it is mounted; a descriptor or a negative errno. */
static int open_cgroup_root(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	int fd = -ENOENT;

	if (!mounts)
		return -errno;
	while (fd < 0 && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, "cgroup2"))
			fd = open(entry->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	endmntent(mounts);
	return fd;
}

/* Each failure takes what it belongs to out of the features. */
static void attach_optional(struct programs *programs)
{
	int cgroup = open_cgroup_root();
	struct sensor_bpf *skel = programs->skel;
	struct bpf_program *program;
	struct bpf_link *link;
	size_t used = 0;

	bpf_object__for_each_program(program, skel->obj) {
		if (!attaches_apart(skel, program) || !bpf_program__autoload(program) || used == MAX_OPTIONAL)
			continue;
		if (feature_of(skel, program) == SENSOR_HAS_FILE_OPENS)
			link = bpf_program__attach(program);
		else
			link = cgroup < 0 ? NULL : bpf_program__attach_cgroup(program, cgroup);
		if (!link || libbpf_get_error(link))
			programs->features &= ~feature_of(skel, program);
		else
			programs->optional[used++] = link;
	}
	if (!bpf_program__autoload(skel->progs.note_connect_unix))
		programs->features &= ~SENSOR_HAS_UNIX_SOCKETS;
	if (cgroup >= 0)
		close(cgroup);
}

static int make_directories(const char *path)
{
	char prefix[PATH_MAX];
	size_t i;

	for (i = 1; path[i - 1] && i < sizeof(prefix); i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(prefix, path, i);
		prefix[i] = 0;
		if (mkdir(prefix, 0700) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* The new program takes the old one's place under its name: between the two, both inherit. */
static int pin_membership(struct sensor_bpf *skel, const char *directory)
{
	char members[PATH_MAX], next[PATH_MAX], now[PATH_MAX];
	int err = make_directories(directory);

	snprintf(members, sizeof(members), "%s/members", directory);
	snprintf(next, sizeof(next), "%s/inherit_next", directory);
	snprintf(now, sizeof(now), "%s/inherit", directory);
	unlink(next);
	if (!err && access(members, F_OK))
		err = bpf_map__pin(skel->maps.members, members);
	if (!err)
		err = bpf_link__pin(skel->links.inherit_membership, next);
	if (!err && rename(next, now))
		err = -errno;
	return err;
}

bool programs_attach(struct programs *programs, const struct program_options *options,
		     struct programs_fault *fault)
{
	struct sensor_bpf *skel = programs->skel;
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program(program, skel->obj)
		if (attaches_apart(skel, program) || program == skel->progs.mark_members)
			bpf_program__set_autoattach(program, false);
	err = sensor_bpf__attach(skel);
	if (err)
		return fail(fault, "cannot attach the programs", err);
	programs->marking = bpf_program__attach_iter(skel->progs.mark_members, NULL);
	if (libbpf_get_error(programs->marking))
		return fail(fault, "cannot walk the tasks", libbpf_get_error(programs->marking));
	attach_optional(programs);
	if (options->pin && !pin_membership(skel, options->pin))
		programs->features |= SENSOR_HAS_PIN;
	return true;
}

void programs_detach(struct programs *programs)
{
	size_t i;

	sensor_bpf__detach(programs->skel);
	for (i = 0; i < MAX_OPTIONAL; i++) {
		bpf_link__destroy(programs->optional[i]);
		programs->optional[i] = NULL;
	}
}

void programs_free(struct programs *programs)
{
	bpf_link__destroy(programs->marking);
	sensor_bpf__destroy(programs->skel);
	programs->marking = NULL;
	programs->skel = NULL;
}
