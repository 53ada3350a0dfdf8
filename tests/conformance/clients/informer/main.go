// An informer program as client-go users write it: a dynamic shared informer on Widgets, a typed one on ConfigMaps,
// a rate-limited queue, and a client that changes things. It prints what it saw as one JSON line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	kubeconfig, namespace := os.Args[1], os.Args[2]
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(err)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	typed := kubernetes.NewForConfigOrDie(config)
	client := dynamic.NewForConfigOrDie(config)
	_, err = typed.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	must(err)

	gvr := schema.GroupVersionResource{Group: "conformance.example.com", Version: "v1", Resource: "widgets"}
	widgets := client.Resource(gvr).Namespace(namespace)
	events := make(chan []any, 100)
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, namespace, nil)
	informer := factory.ForResource(gvr).Informer()
	size := func(obj any) any {
		value, _, _ := unstructured.NestedInt64(obj.(*unstructured.Unstructured).Object, "spec", "size")
		return value
	}
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) {
			key, _ := cache.MetaNamespaceKeyFunc(obj)
			queue.Add(key)
			events <- []any{"add", size(obj)}
		},
		UpdateFunc: func(before, after any) { events <- []any{"update", size(before), size(after)} },
		DeleteFunc: func(obj any) { events <- []any{"delete", size(obj)} },
	})
	must(err)
	typedFactory := informers.NewSharedInformerFactoryWithOptions(typed, 0, informers.WithNamespace(namespace))
	configMaps := typedFactory.Core().V1().ConfigMaps()
	configMaps.Informer()
	factory.Start(ctx.Done())
	typedFactory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	typedFactory.WaitForCacheSync(ctx.Done())

	_, err = widgets.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "conformance.example.com/v1", "kind": "Widget",
		"metadata": map[string]any{"name": "a"}, "spec": map[string]any{"size": int64(1)},
	}}, metav1.CreateOptions{})
	must(err)
	seen := [][]any{<-events}
	key, _ := queue.Get()
	queue.Done(key)
	seen = append(seen, []any{"queued", key == namespace+"/a"})
	_, err = widgets.Patch(ctx, "a", types.MergePatchType, []byte(`{"spec":{"size":2}}`), metav1.PatchOptions{})
	must(err)
	seen = append(seen, <-events)
	must(widgets.Delete(ctx, "a", metav1.DeleteOptions{}))
	seen = append(seen, <-events)

	_, err = typed.CoreV1().ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}, Data: map[string]string{"k": "v"}}, metav1.CreateOptions{})
	must(err)
	for {
		found, err := configMaps.Lister().ConfigMaps(namespace).Get("c")
		if err == nil {
			seen = append(seen, []any{"configmap", found.Data})
			break
		}
		if ctx.Err() != nil {
			must(ctx.Err())
		}
		time.Sleep(20 * time.Millisecond)
	}
	text, err := json.Marshal(seen)
	must(err)
	fmt.Println(string(text))
}
