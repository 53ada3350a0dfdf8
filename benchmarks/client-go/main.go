// client-go's shared informer as the benchmark's reference: typed objects, a namespace index, one handler. It speaks the protocol of
// benchmarks/clients/harness.py: one JSON line per phase on stdout.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

const sentAnnotation = "bench.kubewright.dev/sent"

// TsTest is the sample CRD's kind, written as code-generator's users write it.
type TsTest struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              TsTestSpec   `json:"spec,omitempty"`
	Status            TsTestStatus `json:"status,omitempty"`
}

type TsTestSpec struct {
	CronSpec       string `json:"cronSpec,omitempty"`
	Image          string `json:"image,omitempty"`
	DeploymentName string `json:"deploymentName,omitempty"`
	Replicas       *int32 `json:"replicas,omitempty"`
}

type TsTestStatus struct {
	ReadyReplicas int32              `json:"readyReplicas,omitempty"`
	Phase         string             `json:"phase,omitempty"`
	Conditions    []metav1.Condition `json:"conditions,omitempty"`
}

type TsTestList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TsTest `json:"items"`
}

func (in *TsTest) DeepCopyObject() apiruntime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	if in.Spec.Replicas != nil {
		replicas := *in.Spec.Replicas
		out.Spec.Replicas = &replicas
	}
	out.Status.Conditions = append([]metav1.Condition(nil), in.Status.Conditions...)
	return &out
}

func (in *TsTestList) DeepCopyObject() apiruntime.Object {
	out := *in
	out.Items = make([]TsTest, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*TsTest)
	}
	return &out
}

func restClient(url, kind string) (rest.Interface, apiruntime.Object, string, error) {
	config := &rest.Config{Host: url, QPS: -1}
	config.ContentType = "application/json"
	config.AcceptContentTypes = "application/json"
	if kind == "pod" {
		config.APIPath = "/api"
		config.GroupVersion = &corev1.SchemeGroupVersion
		config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
		client, err := rest.RESTClientFor(config)
		return client, &corev1.Pod{}, "pods", err
	}
	groupVersion := schema.GroupVersion{Group: "stable.example.com", Version: "v1"}
	types := apiruntime.NewScheme()
	types.AddKnownTypes(groupVersion, &TsTest{}, &TsTestList{})
	metav1.AddToGroupVersion(types, groupVersion)
	config.APIPath = "/apis"
	config.GroupVersion = &groupVersion
	config.NegotiatedSerializer = serializer.NewCodecFactory(types).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	return client, &TsTest{}, "tstests", err
}

func statusKiB(field string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, field) {
			n, _ := strconv.ParseInt(strings.Fields(line)[1], 10, 64)
			return n
		}
	}
	return 0
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

type mark struct {
	wall time.Time
	cpu  float64
}

func now() mark { return mark{time.Now(), cpuSeconds()} }

func print(values map[string]any) {
	text, _ := json.Marshal(values)
	fmt.Println(string(text))
}

// settle returns memory that a collection freed to the system, so that RSS says what the cache holds.
func settle() {
	runtime.GC()
	debug.FreeOSMemory()
}

func main() {
	url := flag.String("url", "", "")
	kind := flag.String("kind", "cr", "")
	count := flag.Int("count", 0, "")
	flood := flag.Int("flood", 0, "")
	paced := flag.Int("paced", 0, "")
	mode := flag.String("mode", "typed", "typed, keys (the handler makes the key), or queue (and adds it to a workqueue with a worker)")
	flag.String("source", "list", "the runner sets KUBE_FEATURE_WatchListClient instead")
	flag.Parse()

	client, object, resource, err := restClient(*url, *kind)
	if err != nil {
		panic(err)
	}
	listWatch := cache.NewFilteredListWatchFromClient(client, resource, metav1.NamespaceAll, func(*metav1.ListOptions) {})
	informer := cache.NewSharedIndexInformer(listWatch, object, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})

	var phase, left atomic.Int64
	left.Store(int64(*count))
	over := make(chan mark, 1)
	first := make(chan mark, 1)
	latencies := make([]float64, 0, *paced)
	queue := workqueue.NewTyped[string]()
	event := func(obj any) {
		if *mode != "typed" {
			key, _ := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
			if *mode == "queue" {
				queue.Add(key)
			}
		}
		switch phase.Load() {
		case 1:
			if left.Load() == int64(*flood) {
				first <- now()
			}
		case 2:
			sent, _ := strconv.ParseInt(obj.(metav1.Object).GetAnnotations()[sentAnnotation], 10, 64)
			latencies = append(latencies, float64(time.Now().UnixNano()-sent)/1e6)
		}
		if left.Add(-1) == 0 {
			over <- now()
		}
	}
	if *mode == "queue" {
		go func() {
			for {
				key, shutdown := queue.Get()
				if shutdown {
					return
				}
				queue.Done(key)
			}
		}()
	}
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    event,
		UpdateFunc: func(_, obj any) { event(obj) },
		DeleteFunc: event,
	})

	settle()
	rss := statusKiB("VmRSS")
	start := now()
	go informer.RunWithContext(context.Background())
	done := <-over
	if !cache.WaitForCacheSync(nil, informer.HasSynced) {
		panic("not synced")
	}
	peak := statusKiB("VmHWM")
	settle()
	after := statusKiB("VmRSS")
	left.Store(int64(*flood))
	phase.Store(1)
	print(map[string]any{
		"phase": "synced", "wall": done.wall.Sub(start.wall).Seconds(), "cpu": done.cpu - start.cpu,
		"peak_mb": float64(peak) / 1024, "bytes_per_object": float64(after-rss) * 1024 / float64(*count),
	})
	if *flood == 0 {
		return
	}
	start = <-first
	done = <-over
	left.Store(int64(*paced))
	phase.Store(2)
	print(map[string]any{
		"phase": "flood", "events_per_second": float64(*flood) / done.wall.Sub(start.wall).Seconds(),
		"cpu_us": (done.cpu - start.cpu) / float64(*flood) * 1e6,
	})
	if *paced == 0 {
		return
	}
	<-over
	sort.Float64s(latencies)
	print(map[string]any{
		"phase": "paced", "p50_ms": latencies[len(latencies)/2], "p99_ms": latencies[len(latencies)*99/100],
		"max_ms": latencies[len(latencies)-1],
	})
}
